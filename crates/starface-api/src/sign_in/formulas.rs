//! The formulas that turn a password into what the PBX wants to see. All text is UTF-8, all hex is lower case.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha512};

use crate::ids::Login;

/// The REST secret of an `Internal` login: `login:hex(SHA512(login + nonce + hex(SHA512(password))))`.
///
/// From "REST API: Login" of knowledge.starface.de and the vendor's `rest-examples`.
pub(super) fn rest_internal(login: &Login, password: &SecretString, nonce: &str) -> SecretString {
    let inner = sha512(password.expose_secret());
    let outer = sha512(&format!("{login}{nonce}{inner}"));
    format!("{login}:{outer}").into()
}

/// The REST secret of an `ActiveDirectory` login: `base64(login + nonce + password)`. Anybody who reads it has the password.
pub(super) fn rest_active_directory(login: &Login, password: &SecretString, nonce: &str) -> SecretString {
    STANDARD
        .encode(format!("{login}{nonce}{}", password.expose_secret()))
        .into()
}

/// The XML-RPC token since 6.4.2: `login:hex(SHA512(login + "*" + hex(SHA512(password))))`.
pub(super) fn rpc_internal(login: &Login, password: &SecretString) -> SecretString {
    let inner = sha512(password.expose_secret());
    let outer = sha512(&format!("{login}*{inner}"));
    format!("{login}:{outer}").into()
}

/// The XML-RPC token of a directory user: `base64(login + "*" + password)`, as third-party clients send it.
pub(super) fn rpc_active_directory(login: &Login, password: &SecretString) -> SecretString {
    STANDARD
        .encode(format!("{login}*{}", password.expose_secret()))
        .into()
}

fn sha512(text: &str) -> String {
    hex::encode(Sha512::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "pds24hmip1ctbogn1l8ujvs5u4";

    #[test]
    fn an_internal_login_hashes_nonce_and_hashed_password() {
        for (password, outer) in [
            (
                "Pass123",
                "092e2b8d5daf530d7d4c58e3ec57f7179ec142f14ca7affa34c2607e6dd9dc9b55c248c57b5514bf9c05284492237b172a32afa64a72e0ba9142de64ba9b4192",
            ),
            (
                "Grüße€1",
                "aa875c57bd268826f1c7da83b04ea40202d64000c11841095ba1fdf02e891c81be7725dfff6875ffd2103e168d158e9e89bd647664979178e51fbda106d21edc",
            ),
        ] {
            let secret = rest_internal(&Login::new("0001"), &password.into(), NONCE);
            assert_eq!(secret.expose_secret(), format!("0001:{outer}"));
        }
    }

    #[test]
    fn a_directory_login_sends_the_password_reversibly_and_without_a_prefix() {
        let secret = rest_active_directory(&Login::new("0001"), &"Pass123".into(), NONCE);
        assert_eq!(
            secret.expose_secret(),
            "MDAwMXBkczI0aG1pcDFjdGJvZ24xbDh1anZzNXU0UGFzczEyMw=="
        );
    }

    #[test]
    fn xml_rpc_hashes_login_star_and_hashed_password() {
        for (login, hash) in [
            (
                "123",
                "81d8af78c98b153485f7d48e3437eb735ba37f0f013c5e06ba74536776c5945694e7cde71e2effbed7b5a1d1a4566fadcd847ef4098c234052fdfd288e8b6ced",
            ),
            (
                "0001",
                "31436ea367a9c01c9c16189dc6507c7556890f59ca6b9b83c9980a18390a8262e5d1b469deede1b1208224966fde951ce3f52f38540aca2d21c2ffae591eaa10",
            ),
        ] {
            assert_eq!(
                rpc_internal(&Login::new(login), &"Pass123".into()).expose_secret(),
                format!("{login}:{hash}")
            );
        }
    }

    #[test]
    fn xml_rpc_of_a_directory_user_is_reversible() {
        let token = rpc_active_directory(&Login::new("0001"), &"Grüße€1".into());
        assert_eq!(
            STANDARD.decode(token.expose_secret()).unwrap(),
            "0001*Grüße€1".as_bytes()
        );
    }
}
