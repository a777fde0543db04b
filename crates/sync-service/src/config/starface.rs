//! `[instances.X.starface]` and the companion module below it.

use ::url::Url;
use sync_adapters::http::Fingerprint;
use sync_core::{Login, PbxName};

use super::choices::StarfaceAuth;
use super::fault::FaultKind;
use super::oauth::{self, OAuth};
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::{Chat, Group, Proxy, Starface};
use super::url;

/// Which group of which PBX an instance is about.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) pbx: PbxName,
    pub(super) group: Group,
}

pub(super) fn read(starface: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Starface> {
    let target = target(starface);
    let login = starface.text("login");
    let password = starface
        .file_name("password_file")
        .and_then(|name| named.secret(starface.source, &name));
    let auth = starface.choice::<StarfaceAuth>("auth");
    let ca_file = starface.file_name("ca_file");
    let ca = ca_file
        .as_ref()
        .map(|name| named.certificates(starface.source, name));
    let pin = pin(starface);
    let proxy = starface.proxy("proxy");
    pin_stands_alone(starface, proxy.as_ref());
    let oauth = oauth::read(starface, auth.as_ref().map(|auth| auth.value), named);
    let chat = chat(&starface.table("chat"), named);
    let Target { url, pbx, group } = target?;
    let OAuth { client, scope } = oauth?;
    Some(Starface {
        url,
        pbx,
        group,
        login: Login(login?.value.into()),
        password: password?,
        auth: auth?.value,
        oauth_client: client,
        oauth_scope: scope,
        ca: match ca {
            Some(read) => Some(read?),
            None => None,
        },
        certificate_sha256: pin?,
        proxy: proxy?,
        chat: chat?,
    })
}

/// Reads what tells instances apart, which other faults of the instance do not hide.
pub(super) fn target(starface: &Reader<'_>) -> Option<Target> {
    let url = starface.parsed("url", url::bare_server);
    let pbx_id = starface.parsed("pbx_id", pbx_id);
    let group = group(starface);
    let url = url?.value;
    let pbx = match pbx_id {
        Some(id) => id.value,
        None if starface.has("pbx_id") => return None,
        None => host_and_port(&url),
    };
    Some(Target {
        url,
        pbx,
        group: group?,
    })
}

/// The host in lower case and the port, also where it is the scheme's own.
pub(crate) fn host_and_port(url: &Url) -> PbxName {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    PbxName(format!("{host}:{port}").into())
}

fn group(starface: &Reader<'_>) -> Option<Group> {
    let name = starface.text("group");
    let id = starface.integer("group_id");
    match (starface.has("group"), starface.has("group_id")) {
        (true, true) => {
            let what = "`group` and `group_id` are both there";
            let hint = "keep one of them; the id stays the same when the group is renamed";
            let place = starface.place_of("group_id");
            starface
                .source
                .fault(&place, FaultKind::Contradiction, what, Some(hint.to_owned()));
            None
        }
        (true, false) => name.map(|name| Group::Name(name.value)),
        (false, true) => id.map(|id| Group::Id(id.value)),
        (false, false) => {
            starface.missing(
                "group",
                "write `group = \"…\"` with the group's name, or `group_id = …`".to_owned(),
            );
            None
        }
    }
}

/// Reads the companion module; the inner `None` is that there is none.
#[expect(
    clippy::option_option,
    reason = "the outer one is a fault, the inner one an absent table"
)]
fn chat(chat: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Option<Chat>> {
    if !chat.is_written() {
        return Some(None);
    }
    let module = chat.parsed("module", module);
    let secret = chat
        .file_name("shared_secret_file")
        .and_then(|name| named.secret(chat.source, &name));
    Some(Some(Chat {
        module: module?.value,
        shared_secret: secret?,
    }))
}

/// The module's name is the first half of a method name of XML-RPC, `<module>.setChatPresence`.
fn module(text: &str) -> Result<String, (String, String)> {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '/'))
    {
        return Ok(text.to_owned());
    }
    let hint = "write the module's instance name as the PBX shows it: letters and digits without blanks";
    Err((format!("`{text}` is no name of a module"), hint.to_owned()))
}

fn pbx_id(text: &str) -> Result<PbxName, (String, String)> {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        return Ok(PbxName(text.into()));
    }
    let hint = "write letters, digits, dashes, dots and underscores, such as \"hq\"";
    Err((format!("`{text}` is no name for a PBX"), hint.to_owned()))
}

/// Reads the pinned certificate; the inner `None` is that there is none.
#[expect(
    clippy::option_option,
    reason = "the outer one is a fault, the inner one an absent key"
)]
fn pin(starface: &Reader<'_>) -> Option<Option<Fingerprint>> {
    if !starface.has("certificate_sha256") {
        return Some(None);
    }
    let pin = starface.parsed("certificate_sha256", fingerprint)?;
    Some(Some(pin.value))
}

/// A pin takes the place of every other certificate, on the way to a proxy too.
fn pin_stands_alone(starface: &Reader<'_>, proxy: Option<&Proxy>) {
    if !starface.has("certificate_sha256") {
        return;
    }
    let contradicts = |what: &str, hint: &str| {
        let place = starface.place_of("certificate_sha256");
        starface
            .source
            .fault(&place, FaultKind::Contradiction, what, Some(hint.to_owned()));
    };
    if starface.has("ca_file") {
        contradicts(
            "`ca_file` and `certificate_sha256` are both there",
            "keep one of them: the authority's certificate, or the fingerprint of the PBX's own",
        );
    }
    if matches!(proxy, Some(Proxy::At(url)) if url.scheme() == "https") {
        contradicts(
            "a certificate cannot be pinned behind an `https://` proxy",
            "name an `http://` proxy, or trust the PBX by `ca_file`",
        );
    }
}

fn fingerprint(text: &str) -> Result<Fingerprint, (String, String)> {
    text.parse().map_err(|_| {
        let hint = "write 64 hexadecimal digits, with or without colons: what `openssl x509 -noout -fingerprint -sha256 -in FILE` \
                    prints behind the `=`";
        ("is no SHA-256 fingerprint".to_owned(), hint.to_owned())
    })
}
