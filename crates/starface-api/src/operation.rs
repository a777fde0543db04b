//! What a request to the PBX was for.

use std::fmt;

/// The purpose of one request, for counters and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /rest/login`: the login type and a nonce.
    LoginChallenge,
    /// `POST /rest/login`: the token.
    Login,
    /// `DELETE /rest/login`.
    Logout,
    /// The document that says how version 10 signs in, asked for without credentials.
    Discovery,
    /// The token endpoint of version 10.
    Token,
    /// `GET /rest/users`.
    Users,
    /// `GET /rest/groups`.
    Groups,
    /// `GET /rest/groups/{groupid}`.
    Group,
    /// `GET /rest/users/{userId}/phoneconfig`.
    ReadPhoneConfig,
    /// `PUT /rest/users/{userId}/phoneconfig`.
    WritePhoneConfig,
    /// `GET /rest/server/version`.
    ServerVersion,
    /// `<module>.setChatPresence` by XML-RPC.
    SetChat,
    /// `<module>.getChatPresence` by XML-RPC.
    ReadChat,
}

impl Operation {
    /// A stable name in lower case with hyphens, fit for a metric's label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginChallenge => "login-challenge",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Discovery => "discovery",
            Self::Token => "token",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Group => "group",
            Self::ReadPhoneConfig => "read-phone-config",
            Self::WritePhoneConfig => "write-phone-config",
            Self::ServerVersion => "server-version",
            Self::SetChat => "set-chat",
            Self::ReadChat => "read-chat",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
