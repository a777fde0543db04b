//! `[instances.X.starface]` and the companion module below it.

use ::url::Url;
use sync_core::{Login, PbxName};

use super::fault::FaultKind;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::{Chat, Group, Starface};
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
    let auth = starface.choice("auth");
    let ca_file = starface.file_name("ca_file");
    let ca = ca_file
        .as_ref()
        .map(|name| named.certificates(starface.source, name));
    let chat = chat(&starface.table("chat"), named);
    not_yet(starface);
    let Target { url, pbx, group } = target?;
    Some(Starface {
        url,
        pbx,
        group,
        login: Login(login?.value.into()),
        password: password?,
        auth: auth?.value,
        ca: match ca {
            Some(read) => Some(read?),
            None => None,
        },
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

/// The keys whose function comes later: read for their types, and refused with that reason.
fn not_yet(starface: &Reader<'_>) {
    starface.parsed("certificate_sha256", fingerprint);
    starface.read("proxy", |value| match value.as_str() {
        Some("") => Ok(()),
        _ => super::values::text(value).and_then(|text| {
            url::any_server(text)
                .map(drop)
                .map_err(|(what, hint)| super::values::bad(what, hint))
        }),
    });
    for name in ["oauth_client_id", "oauth_scope"] {
        starface.text(name);
    }
    starface.file_name("oauth_client_secret_file");
}

fn fingerprint(text: &str) -> Result<(), (String, String)> {
    let digits: Vec<char> = text.chars().filter(|c| *c != ':').collect();
    if digits.len() == 64 && digits.iter().all(char::is_ascii_hexdigit) {
        return Ok(());
    }
    let hint = "write 64 hexadecimal digits, with or without colons";
    Err(("is no SHA-256 hash".to_owned(), hint.to_owned()))
}
