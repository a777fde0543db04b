//! The keys `oauth_…` of `[instances.X.starface]`.

use sync_adapters::starface::OAuthClient as Client;

use super::choices::StarfaceAuth;
use super::fault::FaultKind;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::OAuthClient;

const KEYS: [&str; 3] = ["oauth_client_id", "oauth_client_secret_file", "oauth_scope"];

/// Client and scope, as far as they are needed.
pub(super) struct OAuth {
    pub(super) client: Option<OAuthClient>,
    pub(super) scope: Option<String>,
}

pub(super) fn read(
    starface: &Reader<'_>,
    auth: Option<StarfaceAuth>,
    named: &NamedFiles<'_>,
) -> Option<OAuth> {
    let id = starface.text("oauth_client_id");
    let secret_file = starface.file_name("oauth_client_secret_file");
    let secret = secret_file
        .as_ref()
        .map(|name| named.secret(starface.source, name));
    let scope = starface.parsed("oauth_scope", scope);
    let id = id?.value;
    let secret = match secret {
        Some(read) => Some(read?),
        None if starface.has("oauth_client_secret_file") => return None,
        None => None,
    };
    let scope = match scope {
        Some(scope) => Some(scope.value),
        None if starface.has("oauth_scope") => return None,
        None => None,
    };
    match auth? {
        StarfaceAuth::Nonce => {
            refuse_all(starface);
            return Some(OAuth {
                client: None,
                scope: None,
            });
        }
        // Whoever has no secret has to be a client that needs none.
        StarfaceAuth::OAuth if secret.is_none() && id == Client::HEADLESS => {
            let hint = "write `oauth_client_secret_file = \"pbx-oauth.secret\"`, and put the client's secret there: on the PBX under \
                        Server, Status, REST API";
            starface.missing("oauth_client_secret_file", hint.to_owned());
            return None;
        }
        StarfaceAuth::OAuth | StarfaceAuth::Auto => {}
    }
    let client = (secret.is_some() || id != Client::HEADLESS).then_some(OAuthClient { id, secret });
    Some(OAuth { client, scope })
}

fn refuse_all(starface: &Reader<'_>) {
    for key in KEYS.into_iter().filter(|key| starface.has(key)) {
        let what = "is for OAuth alone, and `auth` is `nonce`";
        let hint = "remove it, or write `auth = \"auto\"`";
        starface.source.fault(
            &starface.place_of(key),
            FaultKind::Contradiction,
            what,
            Some(hint.to_owned()),
        );
    }
}

/// Scopes are words with blanks between them.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.3>
fn scope(text: &str) -> Result<String, (String, String)> {
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    if text.split(' ').all(|word| word.chars().all(fits)) {
        return Ok(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let hint = "write scopes with blanks between them, such as \"login\" or \"pbx-login pbx-admin\"";
    Err((format!("`{text}` is no scope"), hint.to_owned()))
}
