# Licences, for operators.

license-customer = Customer
license-mode = Operating mode
license-seats = Users
license-validity = Validity
license-state = State
license-number = Licence number
license-issuer = Issuer
license-pbx = PBX
license-file = File
license-instances = Instances
license-note = Note
license-hint = Hint

mode-presence-sync = Presence synchronisation (presence-sync)
mode-full-integration = Full integration (full-integration)

seats-licensed = { $licensed ->
    [one] 1 seat
   *[other] { $licensed } seats
}
seats-used = { $used } of { $licensed } seats in use
validity = { $from } to { $until } (UTC){ $grace ->
    [0] {""}
    [one] , 1 day of grace
   *[other] , { $grace } days of grace
}
pbx-any = any
nobody = nobody uses it
file-none = none is configured
claimed-issuer = { $issuer } (not verified)
not-named = not named
key = key { $key }

date-format = %Y-%m-%d
time-format = %Y-%m-%d %H:%M

state-valid = valid
state-ending = valid; ends in { $days ->
    [0] less than a day
    [one] 1 day
   *[other] { $days } days
}
state-grace = expired; goes on until { $until } by its days of grace
state-missing = there is no licence
state-unreadable = the file cannot be read
state-not-a-licence = this is no licence: { $detail }
state-unknown-issuer = not accepted: it was signed with the issuer key { $key }, which is not known here
state-wrong-signature = not accepted: it was altered after it was issued
state-later-version = not accepted: it needs a later version of this program
state-wrong-claims = not accepted: it does not say what a licence has to say
state-not-yet-valid = not valid before { $from }
state-expired = expired on { $since }
state-wrong-mode = for the mode { $licensed }, and { $needed } is needed
state-other-pbx = for the PBX { $licensed }, and this one is { $actual }
state-too-few-seats = { $missing ->
    [one] 1 seat is missing
   *[other] { $missing } seats are missing
}: { $needed } needed, { $licensed } licensed

detail-empty = it is empty
detail-too-long = it is far longer than a licence
detail-not-text = it is no text
detail-key = it is a key
detail-form = it does not have the form of one
detail-header = its header is not that of one
detail-algorithm = it is signed in a way that is not accepted ({ $algorithm })

warning-not-replaced = the file is not accepted; the licence before it goes on until its own end
warning-waiting = another licence is there, and takes over when it begins
warning-clock-set-back = the clock of this machine was set back; the licence is judged by the time that it should be

hint-missing = put one there with `presencectl license install FILE`
hint-unreadable = make it a plain file that the daemon's user may read
hint-not-a-licence = copy the licence file anew, whole and unaltered
hint-unknown-issuer = a licence of one's own issuing desk needs its public key as `license.issuer_keys_file`; else ask whoever issued it
hint-wrong-signature = copy the licence file anew; if that does not help, ask whoever issued it
hint-later-version = update the program
hint-wrong-claims = ask whoever issued it for a new one
hint-not-yet-valid = install it when it begins, and check the clock of this machine
hint-expired = get a new licence and install it with `presencectl license install FILE`
hint-wrong-mode = write `mode = "presence-sync"` into the configuration, or get a licence for the mode
hint-other-pbx = get a licence for this PBX; where only its address has changed, write the old one as `starface.pbx_id`
hint-too-few-seats = get a licence with more seats, or take people out of the group in the PBX

# Signing in, for operators.

login-device-code = Open { $link } on any device and enter the code { $code }. It is good for { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}.
login-browser = Open this link in a browser on this machine:
login-account = Sign in with the account that the daemon is to read as. Ctrl-C ends the waiting.
login-done = signed in
login-done-by = signed in as { $account }
login-missing = warning: not granted: { $permissions }. Let an administrator of the tenant consent to the app's permissions, and sign in again.
login-daemon-told = the running daemon uses it from now on
login-daemon-none = no daemon runs; the next one uses it
login-daemon-deaf = the running daemon could not be told ({ $reason }); restart it
login-page-done = Signed in
login-page-done-text = Teams Presence Sync has stored the sign-in. You can close this window.
login-page-failed = Not signed in
login-page-failed-text = The command line says what went wrong and what to do. You can close this window.
login-page-another = Nothing was done
login-page-another-text = This address belongs to no sign-in that waits. Open the link that the command line printed last.
