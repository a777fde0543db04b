//! What tells the credentials of an instance from others without saying what they are.

use aws_lc_rs::hmac;
use secrecy::ExposeSecret;
use sync_core::{Fingerprint, Fingerprints, Side};

use crate::config::{Chat, Instance, Secret, Starface, Teams, TeamsSignIn};

/// Names credentials by a keyed hash: whoever has the names alone learns nothing, not even by trying passwords.
#[derive(Clone)]
pub(crate) struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The fingerprints of everything that an instance presents. The token of whoever signed in is not among it, because it
    /// changes by itself: whoever signs in anew has the refusal forgotten.
    pub(crate) fn of(&self, config: &Instance) -> Fingerprints {
        let mut sides = vec![
            (Side::Teams, self.teams(&config.teams)),
            (Side::Pbx, self.pbx(&config.starface)),
        ];
        if let Some(chat) = &config.starface.chat {
            sides.push((Side::Module, self.module(&config.starface, chat)));
        }
        Fingerprints(sides.into_iter().collect())
    }

    fn teams(&self, teams: &Teams) -> Fingerprint {
        let cloud = format!("{:?}", teams.cloud);
        let way = teams.sign_in.as_str();
        let mut parts = vec!["teams", &cloud, &teams.tenant_id, &teams.client_id, way];
        let certificate;
        match &teams.sign_in {
            TeamsSignIn::ClientSecret(secret) => parts.push(exposed(secret)),
            TeamsSignIn::ClientCertificate(own) => {
                certificate = format!("{:?} {:?}", own.certificate, own.algorithm);
                parts.push(&certificate);
            }
            TeamsSignIn::Browser | TeamsSignIn::DeviceCode => {}
        }
        self.sign(&parts)
    }

    pub(crate) fn pbx(&self, starface: &Starface) -> Fingerprint {
        let how = format!(
            "{:?} {:?} {:?}",
            starface.auth, starface.oauth_client, starface.oauth_scope
        );
        let secret = starface
            .oauth_client
            .as_ref()
            .and_then(|client| client.secret.as_ref());
        let (url, login) = (starface.url.as_str(), &*starface.login.0);
        let secret = secret.map(exposed).unwrap_or_default();
        self.sign(&["pbx", url, login, exposed(&starface.password), &how, secret])
    }

    /// The module is reached with the PBX user's sign-in, and has a secret of its own besides.
    fn module(&self, starface: &Starface, chat: &Chat) -> Fingerprint {
        let pbx = self.pbx(starface);
        self.sign(&["module", &pbx.0, &chat.module, exposed(&chat.shared_secret)])
    }

    fn sign(&self, parts: &[&str]) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let hex: String = context
            .sign()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Fingerprint(hex.into())
    }
}

fn exposed(secret: &Secret) -> &str {
    secret.as_secret().expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(key: u8, parts: &[&str]) -> Fingerprint {
        FingerprintKey::new(&[key; 32]).sign(parts)
    }

    #[test]
    fn each_part_counts_and_where_it_ends() {
        let first = sign(1, &["a", "bc"]);
        assert_eq!(first, sign(1, &["a", "bc"]));
        for other in [
            sign(1, &["ab", "c"]),
            sign(1, &["a", "bc", ""]),
            sign(2, &["a", "bc"]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_fingerprint_says_nothing_of_what_was_signed() {
        let print = sign(1, &["password"]);
        assert_eq!(print.0.len(), 64);
        assert!(print.0.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
