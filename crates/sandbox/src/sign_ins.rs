//! How people and apps sign in to the simulated tenant: what was given out, and what people answer.

use std::collections::{BTreeSet, HashMap, VecDeque};

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
            refreshed: Vec::new(),
            agrees: true,
            public: true,
            refusal: None,
        }
    }
}
