//! The settings that are one word out of a few.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use licensing::OperatingMode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::hint;

use crate::language::Language;

/// A setting that is one word out of a few.
pub(super) trait Word: Copy {
    /// The value that the word stands for; `None` for a word that is not there (yet).
    fn from_word(word: &str) -> Option<Self>;
}

macro_rules! words {
    ($(#[$about:meta])* $visibility:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $visibility enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The word that the configuration file uses.
            $visibility fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Word for $name {
            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How much the daemon writes to its log (`daemon.log`), from least to most.
    pub enum LogLevel {
        /// What the operator must know.
        Error = "error",
        /// What may become a fault.
        Warn = "warn",
        /// What happens, without e-mail addresses.
        Info = "info",
        /// Single steps, with e-mail addresses.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

impl LogLevel {
    /// All levels, from least to most.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
}

/// A word that is no level of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no level of the log; {hint}")]
pub struct NotALevel {
    word: String,
    hint: String,
}

impl FromStr for LogLevel {
    type Err = NotALevel;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word).ok_or_else(|| NotALevel {
            word: word.to_owned(),
            hint: hint::one_of(word, &Self::ALL.map(Self::as_str)),
        })
    }
}

impl JsonSchema for LogLevel {
    fn schema_name() -> Cow<'static, str> {
        "LogLevel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "How much is logged, from least to most.",
            "enum": Self::ALL.map(Self::as_str),
        })
    }
}

impl Serialize for LogLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(de::Error::custom)
    }
}

words! {
    /// The shape of the log (`daemon.log_format`).
    pub enum LogFormat {
        /// Lines for people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

impl Word for Language {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

impl Word for OperatingMode {
    fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

words! {
    /// The cloud by name (`instances.X.teams.cloud`); the addresses of `custom` join it in `Cloud`.
    pub(super) enum CloudName {
        /// The worldwide cloud.
        Global = "global",
        /// US Government, GCC High.
        UsGovHigh = "us-gov-high",
        /// US Government, Department of Defense.
        UsGovDod = "us-gov-dod",
        /// The cloud that 21Vianet runs.
        China = "china",
        /// The closed cloud of T-Systems.
        Germany = "germany",
        /// Addresses of one's own.
        Custom = "custom",
    }
}

words! {
    /// How the daemon signs in to the tenant, by name (`instances.X.teams.auth`).
    pub(super) enum TeamsAuth {
        /// With an application's secret.
        ClientSecret = "client-secret",
        /// With an application's certificate.
        ClientCertificate = "client-certificate",
        /// As somebody who signed in by browser.
        Browser = "browser",
        /// As somebody who signed in by device code.
        DeviceCode = "device-code",
    }
}

words! {
    /// How a certificate signs (`instances.X.teams.assertion_algorithm`).
    pub(super) enum AssertionName {
        /// RSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// The older form.
        Rs256 = "RS256",
    }
}

words! {
    /// How the daemon signs in to the PBX (`instances.X.starface.auth`).
    pub enum StarfaceAuth {
        /// The PBX is asked what it wants.
        Auto = "auto",
        /// The nonce login of the versions up to 9.
        Nonce = "nonce",
        /// The OAuth password grant of version 10.
        OAuth = "oauth",
    }
}

words! {
    /// Who wins when a human and Teams disagree (`sync.policy`).
    pub enum Policy {
        /// Write when the outcome changes; what a human changes afterwards stands until it changes again.
        LastChangeWins = "last-change-wins",
        /// The PBX always equals the outcome.
        TeamsLeads = "teams-leads",
        /// As the first, and DND is turned off only where the daemon turned it on.
        OwnOnly = "own-only",
    }
}

words! {
    /// What becomes of own values when an instance stops for good (`sync.on_stop`).
    pub enum OnStop {
        /// They are taken back.
        Release = "release",
        /// They stay as they are.
        Keep = "keep",
    }
}
