//! How people and apps sign in to the simulated tenant: what was given out, and what people answer.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use crate::sandbox::Tenant;
use crate::tenant::{Code, Device};

/// Everything about signing in that is no access token.
#[derive(Debug)]
pub(crate) struct SignIns {
    /// Certificates of the app registration, as DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// The `jti` of every assertion that was accepted.
    pub(crate) seen: BTreeSet<String>,
    /// Codes of sign-ins by browser.
    pub(crate) codes: HashMap<String, Code>,
    /// Device codes.
    pub(crate) devices: HashMap<String, Device>,
    /// What is said about device codes before anything else is.
    pub(crate) device_script: VecDeque<String>,
    /// Refresh tokens, and whether they are still good.
    pub(crate) refresh_tokens: HashMap<String, bool>,
    /// The number of the error with which one that is not is refused.
    pub(crate) ended_by: u32,
    /// Access tokens of whoever signed in, and not of the app.
    pub(crate) access_tokens: HashSet<String>,
    /// Login name and name of whoever signs in.
    pub(crate) account: (String, String),
    /// Every refresh token that was presented, in order.
    pub(crate) refreshed: Vec<String>,
    /// Whether whoever sees the sign-in page agrees.
    pub(crate) agrees: bool,
    /// Whether the app registration allows public client flows.
    pub(crate) public: bool,
    /// The number of the error that every sign-in is answered with.
    pub(crate) refusal: Option<u32>,
}

impl Default for SignIns {
    fn default() -> Self {
        Self {
            certificates: Vec::new(),
            seen: BTreeSet::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
            device_script: VecDeque::new(),
            refresh_tokens: HashMap::new(),
            ended_by: 700_082,
            access_tokens: HashSet::new(),
            account: ("reader@example.com".to_owned(), "Presence Reader".to_owned()),
            refreshed: Vec::new(),
            agrees: true,
            public: true,
            refusal: None,
        }
    }
}

impl Tenant<'_> {
    /// Uploads a certificate (DER) to the app registration.
    pub fn upload_certificate(&self, der: &[u8]) {
        self.world
            .change(|state| state.sign_ins.certificates.push(der.to_owned()));
    }

    /// Whether whoever sees the sign-in page of a browser agrees (so it is where nothing is said) or declines.
    pub fn agree(&self, agrees: bool) {
        self.world.change(|state| state.sign_ins.agrees = agrees);
    }

    /// Login name and name of whoever signs in from now on; `reader@example.com` where nothing is said.
    pub fn whoever_signs_in(&self, principal: &str, name: &str) {
        let account = (principal.to_owned(), name.to_owned());
        self.world.change(|state| state.sign_ins.account = account);
    }

    /// Enters a device code as a person does, and agrees or declines. Tells whether the code was known.
    pub fn enter_code(&self, user_code: &str, agrees: bool) -> bool {
        self.world.change(|state| {
            let mut devices = state.sign_ins.devices.values_mut();
            let device = devices.find(|device| device.user_code == user_code);
            device.map(|device| device.agreed = Some(agrees)).is_some()
        })
    }

    /// What the next questions about device codes are answered with, whatever people do: `authorization_pending`,
    /// `slow_down`, `expired_token` or `authorization_declined`.
    pub fn script_device_answers(&self, errors: &[&str]) {
        let errors = errors.iter().map(|error| (*error).to_owned());
        self.world
            .change(|state| state.sign_ins.device_script.extend(errors));
    }

    /// Whether the app registration allows public client flows.
    pub fn allow_public_clients(&self, allowed: bool) {
        self.world.change(|state| state.sign_ins.public = allowed);
    }

    /// Ends all refresh tokens that were given out; each is refused with this AADSTS number from now on, such as 700082
    /// (expired by inactivity) or 50173 (revoked).
    pub fn end_refresh_tokens(&self, number: u32) {
        self.world.change(|state| {
            state.sign_ins.ended_by = number;
            state
                .sign_ins
                .refresh_tokens
                .values_mut()
                .for_each(|good| *good = false);
        });
    }

    /// Every refresh token that was presented, in order.
    pub fn presented_refresh_tokens(&self) -> Vec<String> {
        self.world.state().sign_ins.refreshed.clone()
    }

    /// Answers every sign-in with the error of this AADSTS number, until it is called with `None`.
    pub fn refuse_sign_ins(&self, number: Option<u32>) {
        self.world.change(|state| state.sign_ins.refusal = number);
    }
}
