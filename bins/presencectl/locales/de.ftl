# Lizenzen, für Administratoren.

license-customer = Kunde
license-mode = Betriebsmodus
license-seats = Benutzer
license-validity = Gültigkeit
license-state = Zustand
license-number = Lizenznummer
license-issuer = Aussteller
license-pbx = Telefonanlage
license-file = Datei
license-instances = Instanzen
license-note = Hinweis
license-hint = Abhilfe

mode-presence-sync = Abgleich Präsenzstatus (presence-sync)
mode-full-integration = Vollständige Integration (full-integration)

seats-licensed = { $licensed ->
    [one] 1 Benutzer
   *[other] { $licensed } Benutzer
}
seats-used = { $used } von { $licensed } Plätzen belegt
validity = { $from } bis { $until } (UTC){ $grace ->
    [0] {""}
    [one] , 1 Karenztag
   *[other] , { $grace } Karenztage
}
pbx-any = beliebig
nobody = von keiner verwendet
file-none = keine angegeben
claimed-issuer = { $issuer } (nicht geprüft)
not-named = nicht genannt
key = Schlüssel { $key }

date-format = %d.%m.%Y
time-format = %d.%m.%Y %H:%M

state-valid = gültig
state-ending = gültig; endet in { $days ->
    [0] weniger als einem Tag
    [one] 1 Tag
   *[other] { $days } Tagen
}
state-grace = abgelaufen; gilt in der Karenzzeit noch bis { $until }
state-missing = keine Lizenz vorhanden
state-unreadable = die Datei kann nicht gelesen werden
state-not-a-licence = das ist keine Lizenz: { $detail }
state-unknown-issuer = nicht anerkannt: mit dem hier unbekannten Ausstellerschlüssel { $key } signiert
state-wrong-signature = nicht anerkannt: nach der Ausstellung verändert
state-later-version = nicht anerkannt: benötigt eine neuere Version dieses Programms
state-wrong-claims = nicht anerkannt: es fehlen Angaben, die eine Lizenz enthalten muss
state-not-yet-valid = noch nicht gültig, erst ab { $from }
state-expired = abgelaufen am { $since }
state-wrong-mode = für den Betriebsmodus { $licensed }, benötigt wird { $needed }
state-other-pbx = für die Telefonanlage { $licensed }, diese heißt { $actual }
state-too-few-seats = { $missing ->
    [one] 1 Benutzer zu wenig
   *[other] { $missing } Benutzer zu wenig
}: { $needed } benötigt, { $licensed } lizenziert

detail-empty = sie ist leer
detail-too-long = sie ist viel länger als eine Lizenz
detail-not-text = sie ist kein Text
detail-key = sie ist ein Schlüssel
detail-form = sie hat nicht die Form einer Lizenz
detail-header = ihr Kopf ist nicht der einer Lizenz
detail-algorithm = sie ist auf eine Weise signiert, die nicht anerkannt wird ({ $algorithm })

warning-not-replaced = die Datei wird nicht anerkannt; die bisherige Lizenz gilt bis zu ihrem Ende weiter
warning-waiting = eine weitere Lizenz ist da und gilt, sobald sie beginnt
warning-clock-set-back = die Uhr dieses Rechners wurde zurückgestellt; für die Lizenz zählt die Uhrzeit, die sie zeigen müsste

hint-missing = mit `presencectl license install DATEI` installieren
hint-unreadable = eine gewöhnliche Datei daraus machen, die der Benutzer des Dienstes lesen darf
hint-not-a-licence = die Lizenzdatei noch einmal kopieren, vollständig und unverändert
hint-unknown-issuer = die Lizenz einer eigenen Ausgabestelle braucht deren öffentlichen Schlüssel als `license.issuer_keys_file`; sonst beim Aussteller nachfragen
hint-wrong-signature = die Lizenzdatei noch einmal kopieren; hilft das nicht, beim Aussteller nachfragen
hint-later-version = das Programm aktualisieren
hint-wrong-claims = beim Aussteller eine neue Lizenz anfordern
hint-not-yet-valid = installieren, sobald sie gilt; und die Uhr dieses Rechners prüfen
hint-expired = eine neue Lizenz besorgen und mit `presencectl license install DATEI` installieren
hint-wrong-mode = `mode = "presence-sync"` in die Konfiguration schreiben oder eine Lizenz für den Betriebsmodus besorgen
hint-other-pbx = eine Lizenz für diese Telefonanlage besorgen; hat sich nur deren Adresse geändert, die alte als `starface.pbx_id` eintragen
hint-too-few-seats = eine Lizenz für mehr Benutzer besorgen oder Benutzer aus der Gruppe der Telefonanlage nehmen

# Die Anmeldung, für Betreiber.

login-device-code = Auf irgendeinem Gerät { $link } öffnen und den Code { $code } eingeben. Er gilt { $minutes ->
    [one] 1 Minute
   *[other] { $minutes } Minuten
}.
login-browser = Diesen Link in einem Browser auf diesem Rechner öffnen:
login-account = Mit dem Konto anmelden, als das der Dienst lesen soll. Strg-C beendet das Warten.
login-done = angemeldet
login-done-by = angemeldet als { $account }
login-missing = Warnung: nicht gewährt: { $permissions }. Ein Administrator des Mandanten muss den Berechtigungen der App zustimmen, dann noch einmal anmelden.
login-daemon-told = der laufende Dienst benutzt die Anmeldung ab jetzt
login-daemon-none = es läuft kein Dienst; der nächste benutzt sie
login-daemon-deaf = der laufende Dienst konnte nicht verständigt werden ({ $reason }); bitte neu starten
login-page-done = Angemeldet
login-page-done-text = Teams Presence Sync hat die Anmeldung gespeichert. Dieses Fenster kann geschlossen werden.
login-page-failed = Nicht angemeldet
login-page-failed-text = Die Befehlszeile sagt, was nicht ging und was zu tun ist. Dieses Fenster kann geschlossen werden.
login-page-another = Es ist nichts geschehen
login-page-another-text = Diese Adresse gehört zu keiner Anmeldung, die wartet. Bitte den Link öffnen, den die Befehlszeile zuletzt ausgegeben hat.
