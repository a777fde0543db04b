//! `[instances.X.teams]`.

use sync_adapters::graph::AssertionAlgorithm;

use super::choices::{AssertionName, CloudName, TeamsAuth};
use super::fault::FaultKind;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::{ClientCertificate, Cloud, CustomCloud, Teams, TeamsSignIn};
use super::source::Located;
use super::url;

/// The keys that only `cloud = "custom"` has.
const CUSTOM_KEYS: [&str; 3] = ["login_url", "graph_url", "ca_file"];

/// The keys that only one way to sign in has.
const KEYS_OF_AUTH: [(&str, TeamsAuth); 3] = [
    ("client_secret_file", TeamsAuth::ClientSecret),
    ("client_certificate_file", TeamsAuth::ClientCertificate),
    ("assertion_algorithm", TeamsAuth::ClientCertificate),
];

pub(super) fn read(teams: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Teams> {
    let cloud_name = teams.choice("cloud");
    let custom = cloud_name
        .as_ref()
        .is_none_or(|cloud: &Located<CloudName>| cloud.value == CloudName::Custom);
    let tenant_id = teams.parsed("tenant_id", |text| tenant(text, custom));
    let client_id = teams.parsed("client_id", |text| client(text, custom));
    let cloud = cloud_name.and_then(|name| cloud(teams, &name, named));
    let sign_in = sign_in(teams, named);
    let quota_share = teams.share("quota_share");
    let proxy = teams.proxy("proxy");
    Some(Teams {
        cloud: cloud?,
        tenant_id: tenant_id?.value,
        client_id: client_id?.value,
        sign_in: sign_in?,
        quota_share: quota_share?,
        proxy: proxy?,
    })
}

fn sign_in(teams: &Reader<'_>, named: &NamedFiles<'_>) -> Option<TeamsSignIn> {
    let auth: Option<Located<TeamsAuth>> = teams.choice("auth");
    let secret_file = teams.file_name("client_secret_file");
    let certificate_file = teams.file_name("client_certificate_file");
    let algorithm: Option<Located<AssertionName>> = teams.choice("assertion_algorithm");
    let auth = auth?.value;
    for (key, of) in KEYS_OF_AUTH
        .into_iter()
        .filter(|(key, of)| *of != auth && teams.has(key))
    {
        let what = format!("is for `auth = \"{of}\"` alone, and it is `{auth}`");
        let hint = format!("remove it, or write `auth = \"{of}\"`");
        teams
            .source
            .fault(&teams.place_of(key), FaultKind::Contradiction, what, Some(hint));
    }
    match auth {
        TeamsAuth::ClientSecret => {
            needed(teams, "client_secret_file", "graph.secret");
            let secret = named.secret(teams.source, &secret_file?)?;
            Some(TeamsSignIn::ClientSecret(secret))
        }
        TeamsAuth::ClientCertificate => {
            needed(teams, "client_certificate_file", "graph.pem");
            let file = certificate_file?;
            let (path, certificate) = named.app_certificate(teams.source, &file)?;
            let algorithm = match algorithm.map(|name| name.value) {
                Some(AssertionName::Rs256) => AssertionAlgorithm::Rs256,
                Some(AssertionName::Ps256) => AssertionAlgorithm::Ps256,
                None if teams.has("assertion_algorithm") => return None,
                None => AssertionAlgorithm::default(),
            };
            let certificate = ClientCertificate {
                path,
                certificate,
                algorithm,
            };
            // One that has expired is no fault: it would keep the other instances from starting.
            if let Some(remark) = named.now.and_then(|now| certificate.remark(now)) {
                teams.source.warning(&file.place, remark);
            }
            Some(TeamsSignIn::ClientCertificate(Box::new(certificate)))
        }
        TeamsAuth::Browser => Some(TeamsSignIn::Browser),
        TeamsAuth::DeviceCode => Some(TeamsSignIn::DeviceCode),
    }
}

fn needed(teams: &Reader<'_>, key: &str, example: &str) {
    if !teams.has(key) {
        teams.missing(key, format!("write `{key} = \"{example}\"`"));
    }
}

fn cloud(teams: &Reader<'_>, name: &Located<CloudName>, named: &NamedFiles<'_>) -> Option<Cloud> {
    let login_url = teams.parsed("login_url", url::server);
    let graph_url = teams.parsed("graph_url", url::server);
    let ca_file = teams.file_name("ca_file");
    if name.value != CloudName::Custom {
        for key in CUSTOM_KEYS.into_iter().filter(|key| teams.has(key)) {
            let hint = match key {
                "ca_file" => "remove it; what a proxy signs with belongs into the system's certificate store",
                _ => "remove it, or write `cloud = \"custom\"`",
            };
            let what = format!(
                "is for `cloud = \"custom\"` alone, and the cloud is `{}`",
                name.value
            );
            teams.source.fault(
                &teams.place_of(key),
                FaultKind::Contradiction,
                what,
                Some(hint.to_owned()),
            );
        }
    }
    match name.value {
        CloudName::Global => Some(Cloud::Global),
        CloudName::UsGovHigh => Some(Cloud::UsGovHigh),
        CloudName::UsGovDod => Some(Cloud::UsGovDod),
        CloudName::China => {
            let what = "this cloud has no presence interface: Microsoft does not offer one there, so nothing can be read";
            teams.source.warning(&name.place, what);
            Some(Cloud::China)
        }
        CloudName::Germany => {
            let what =
                "this cloud was closed in October 2021; tenants from there are in the cloud `global` now";
            teams.source.warning(&name.place, what);
            Some(Cloud::Germany)
        }
        CloudName::Custom => {
            for key in ["login_url", "graph_url"]
                .into_iter()
                .filter(|key| !teams.has(key))
            {
                teams.missing(
                    key,
                    format!("`cloud = \"custom\"` needs it: write `{key} = \"https://…\"`"),
                );
            }
            let ca = match ca_file {
                Some(name) => Some(named.certificates(teams.source, &name)?),
                None => None,
            };
            Some(Cloud::Custom(Box::new(CustomCloud {
                login_url: login_url?.value,
                graph_url: graph_url?.value,
                ca,
            })))
        }
    }
}

/// A tenant is named by its id or by a domain of it. The words that stand for any tenant cannot be used without a user.
///
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
fn tenant(text: &str, custom: bool) -> Result<String, (String, String)> {
    let hint = "write the directory (tenant) id from the app registration's overview";
    if matches!(text, "common" | "organizations" | "consumers") {
        return Err((format!("`{text}` stands for any tenant"), hint.to_owned()));
    }
    if is_uuid(text) || is_word(text) && (custom || text.contains('.')) {
        return Ok(text.to_owned());
    }
    Err((
        format!("`{text}` is neither a tenant's id nor a domain"),
        hint.to_owned(),
    ))
}

fn client(text: &str, custom: bool) -> Result<String, (String, String)> {
    if is_uuid(text) || custom && is_word(text) {
        return Ok(text.to_owned());
    }
    let hint = "write the application (client) id from the app registration's overview";
    Err(("is no id of an app registration".to_owned(), hint.to_owned()))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Both become a part of addresses.
fn is_word(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        && !text.starts_with('.')
}
