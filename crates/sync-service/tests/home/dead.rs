//! An instance whose tenant and PBX are dead, and one that is turned off.

/// Nobody listens on this port: it is reserved.
pub(crate) const CONFIGURATION: &str = r#"version = 1

[daemon]
listen = "127.0.0.1:0"

[instances.main.teams]
cloud = "custom"
login_url = "http://127.0.0.1:1"
graph_url = "http://127.0.0.1:1"
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "secret"

[instances.main.starface]
url = "http://127.0.0.1:1"
group = "Teams"
login = "0001"
password_file = "secret"

[instances.off]
enabled = false
[instances.off.teams]
cloud = "custom"
login_url = "http://127.0.0.1:1"
graph_url = "http://127.0.0.1:1"
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "secret"
[instances.off.starface]
url = "http://127.0.0.1:1"
group = "Others"
login = "0001"
password_file = "secret"
"#;
