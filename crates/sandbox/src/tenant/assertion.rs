//! What an app proves itself with that has a certificate: read and checked by the standards, with nothing of the client's.
//!
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use aws_lc_rs::digest;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde::Deserialize;
use webpki::aws_lc_rs::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

use super::entra::{Form, Refused, bad};
use crate::state::{World, seconds_since_1970};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Microsoft asks for five to ten minutes.
const LONGEST_LIFE: i64 = 10 * 60;
/// How far two clocks may differ.
const SKEW: i64 = 5 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

pub(super) fn check(world: &World, form: &Form) -> Result<(), Refused> {
    if form.field("client_assertion_type") != TYPE {
        return Err(refused(50_027, "the type of the assertion is not that of a JWT"));
    }
    let assertion = form.field("client_assertion");
    let (signed, signature) = assertion.rsplit_once('.').ok_or(malformed())?;
    let (header, claims) = signed.split_once('.').ok_or(malformed())?;
    let header: Header = part(header)?;
    let claims: Claims = part(claims)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    signed_by_a_certificate(world, &header, signed, &signature)?;

    if claims.aud != format!("http://{}/{}/oauth2/v2.0/token", form.host, world.fixed.tenant) {
        return Err(refused(
            700_023,
            "the audience of the assertion is not this endpoint",
        ));
    }
    if claims.iss != world.fixed.client || claims.sub != world.fixed.client {
        return Err(refused(700_021, "the assertion is another app's"));
    }
    let now = seconds_since_1970();
    let timely = claims.nbf <= now + SKEW
        && claims.iat <= now + SKEW
        && claims.exp > now - SKEW
        && claims.exp - claims.nbf <= LONGEST_LIFE;
    if !timely {
        return Err(refused(
            700_024,
            "the assertion is not within its valid time range",
        ));
    }
    if claims.jti.len() < 16 || !world.change(|state| state.sign_ins.seen.insert(claims.jti)) {
        return Err(refused(50_013, "the assertion was sent before"));
    }
    Ok(())
}

/// The thumbprint names one of the certificates that were uploaded, and its key signed.
fn signed_by_a_certificate(
    world: &World,
    header: &Header,
    signed: &str,
    signature: &[u8],
) -> Result<(), Refused> {
    let unknown = || refused(700_027, "the certificate with this thumbprint is not registered");
    let sha256 = |der: &[u8]| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, der));
    let sha1 = |der: &[u8]| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der));
    let state = world.state();
    let named = |der: &&Vec<u8>| match (header.alg.as_str(), &header.x5t_s256, &header.x5t) {
        ("PS256", Some(thumbprint), None) => *thumbprint == sha256(der),
        ("RS256", None, Some(thumbprint)) => *thumbprint == sha1(der),
        _ => false,
    };
    if header.typ != "JWT" {
        return Err(malformed());
    }
    let der = state
        .sign_ins
        .certificates
        .iter()
        .find(named)
        .ok_or_else(unknown)?;
    let der = CertificateDer::from(der.as_slice());
    let certificate = webpki::EndEntityCert::try_from(&der).map_err(|_| unknown())?;
    let algorithm: &dyn SignatureVerificationAlgorithm = match header.alg.as_str() {
        "PS256" => RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        _ => RSA_PKCS1_2048_8192_SHA256,
    };
    certificate
        .verify_signature(algorithm, signed.as_bytes(), signature)
        .map_err(|_| {
            refused(
                700_027,
                "the signature of the assertion is not that of the certificate",
            )
        })
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Refused> {
    let decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    serde_json::from_slice(&decoded).map_err(|_| malformed())
}

fn malformed() -> Refused {
    bad("invalid_request", 50_027, "the JWT token is invalid")
}

fn refused(number: u32, text: &'static str) -> Refused {
    (StatusCode::UNAUTHORIZED, "invalid_client", number, text)
}
