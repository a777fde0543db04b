//! The ways to a tenant and to a PBX, made from the configuration.

use std::sync::Arc;

use sync_adapters::graph::{
    Api, CallObserver, ClientCertificate, ClientId, ClientSecret, Cloud, Delegated, GraphAdapter,
    GraphClient, TenantId, TokenSource,
};
use sync_adapters::http::{HttpSettings, Proxies};
use sync_adapters::starface::{
    GroupId, Login, ModuleName, OAuth, OAuthClient, Observer as PbxObserver, Pbx, PbxUrl, SignIn,
    SignInMemory, StarfaceAdapter, StarfaceChatAdapter, StarfaceLink, TargetGroup, VolatileMemory,
};
use sync_core::{Fault, InstanceName, PortError};

use crate::assembly::Assembly;
use crate::config::{self, StarfaceAuth};
use crate::telemetry::Metrics;

/// No call to the PBX takes longer.
const PBX_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The way to one tenant.
pub(crate) struct Way {
    pub(crate) http: reqwest::Client,
    pub(crate) cloud: Cloud,
    pub(crate) tenant: TenantId,
    pub(crate) client: ClientId,
}

/// An app of a tenant, as the configuration names them.
///
/// # Errors
/// When an address cannot be used.
pub(crate) fn app(teams: &config::Teams) -> Result<(Cloud, TenantId, ClientId), PortError> {
    let doing = "set up the way to Microsoft Graph";
    let cloud = match &teams.cloud {
        config::Cloud::Global => Cloud::Global,
        config::Cloud::UsGovHigh => Cloud::UsGovHigh,
        config::Cloud::UsGovDod => Cloud::UsGovDod,
        config::Cloud::China => Cloud::China,
        config::Cloud::Germany => Cloud::Germany,
        config::Cloud::Custom(custom) => Cloud::custom(custom.login_url.clone(), custom.graph_url.clone())
            .map_err(|error| refused(doing, error))?,
    };
    let tenant = TenantId::new(&teams.tenant_id).map_err(|error| refused(doing, error))?;
    let client = ClientId::new(&teams.client_id).map_err(|error| refused(doing, error))?;
    Ok((cloud, tenant, client))
}

impl Assembly {
    /// How Microsoft is spoken to.
    pub(crate) fn graph_http(&self, teams: &config::Teams) -> HttpSettings {
        let ca = match &teams.cloud {
            config::Cloud::Custom(custom) => custom.ca.as_ref(),
            _ => None,
        };
        HttpSettings {
            proxies: self.proxies_of(&teams.proxy),
            ca_file_pem: ca.map(|ca| ca.pem.clone()),
            ..HttpSettings::default()
        }
    }

    /// The way to the tenant of an instance. Nothing is sent yet.
    ///
    /// # Errors
    /// When an address or a certificate cannot be used.
    pub(crate) fn way(&self, teams: &config::Teams) -> Result<Way, PortError> {
        let (cloud, tenant, client) = app(teams)?;
        let http = self.clients.get(&self.graph_http(teams))?;
        Ok(Way {
            http,
            cloud,
            tenant,
            client,
        })
    }

    /// Presence and directory of the tenant of an instance. Nothing is sent yet.
    ///
    /// # Errors
    /// When an address or a certificate cannot be used, or nobody has signed in where somebody has to.
    pub(crate) fn graph(
        &self,
        instance: &InstanceName,
        teams: &config::Teams,
    ) -> Result<GraphAdapter, PortError> {
        let Way {
            http,
            cloud,
            tenant,
            client,
        } = self.way(teams)?;
        let observer: Arc<dyn CallObserver> = Arc::new(GraphCounter {
            instance: instance.clone(),
            metrics: Arc::clone(&self.metrics),
        });
        let tokens: Arc<dyn TokenSource> = match &teams.sign_in {
            config::TeamsSignIn::ClientSecret(secret) => {
                let secret = secret.clone().into();
                let source = ClientSecret::new(http.clone(), &cloud, &tenant, &client, secret);
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
            config::TeamsSignIn::ClientCertificate(own) => {
                let clock = self.clock();
                let source = ClientCertificate::new(
                    http.clone(),
                    &cloud,
                    &tenant,
                    &client,
                    own.certificate.clone(),
                    own.algorithm,
                    Arc::new(move || clock.now().wall),
                );
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
            config::TeamsSignIn::Browser | config::TeamsSignIn::DeviceCode => {
                let token = self.sign_ins.of(instance, &cloud, &tenant, &client)?;
                let source = Delegated::new(http.clone(), &cloud, &tenant, &client, Arc::new(token));
                Arc::new(source.with_observer(Arc::clone(&observer)))
            }
        };
        let graph = GraphAdapter::new(GraphClient::new(http, cloud, tokens).with_observer(observer));
        Ok(if teams.sign_in.is_delegated() {
            graph.with_login(format!("presencectl login {instance}"))
        } else {
            graph
        })
    }

    /// How the PBX is spoken to.
    pub(crate) fn starface_http(&self, starface: &config::Starface) -> HttpSettings {
        HttpSettings {
            ca_file_pem: starface.ca.as_ref().map(|ca| ca.pem.clone()),
            certificate_sha256: starface.certificate_sha256,
            proxies: self.proxies_of(&starface.proxy),
            ..HttpSettings::default()
        }
    }

    /// Group and phones of the PBX of an instance. Nothing is sent yet.
    ///
    /// Instances that present the same credentials to the same PBX share one sign-in. Its requests are counted as those of
    /// the instance that came first.
    ///
    /// # Errors
    /// When an address or a certificate cannot be used.
    pub(crate) fn starface(
        &self,
        instance: &InstanceName,
        starface: &config::Starface,
    ) -> Result<StarfaceAdapter, PortError> {
        let doing = "set up the way to the PBX";
        let group = match &starface.group {
            config::Group::Name(name) => TargetGroup::Name(name.clone()),
            config::Group::Id(id) => TargetGroup::Id(GroupId::new(*id)),
        };
        let http = self.starface_http(starface);
        let mut shared = self.shared_ways();
        let way = self.name_of(starface).map(|name| (name, http.clone()));
        // With a way that nobody needs any more, its credentials are forgotten.
        shared.retain(|(_, link)| link.is_needed());
        if let Some((_, link)) = shared.iter().find(|(known, _)| Some(known) == way.as_ref()) {
            return Ok(link.for_group(group));
        }
        let http = self.clients.get(&http)?;
        let url = PbxUrl::parse(starface.url.as_str()).map_err(|error| refused(doing, error))?;
        let login = Login::new(starface.login.0.as_ref());
        let client = starface.oauth_client.as_ref().map(|client| client.id.as_str());
        let memory: Arc<dyn SignInMemory> = match self.sign_ins.at_pbx(&url, &login, client) {
            Some(memory) => Arc::new(memory),
            None => Arc::new(VolatileMemory::default()),
        };
        let sign_in = sign_in(starface, login, memory);
        let (instance, metrics) = (instance.clone(), Arc::clone(&self.metrics));
        let counter: PbxObserver =
            Arc::new(move |operation, status| metrics.pbx_request(&instance, operation.as_str(), status));
        let pbx = Pbx::with(http, url, sign_in, PBX_TIMEOUT, Some(counter));
        let link = StarfaceLink::new(pbx, self.clock());
        let adapter = link.for_group(group);
        if let Some(way) = way {
            shared.push((way, link));
        }
        Ok(adapter)
    }

    fn proxies_of(&self, proxy: &config::Proxy) -> Proxies {
        match proxy {
            config::Proxy::Environment => self.proxies.clone(),
            config::Proxy::Direct => Proxies::default(),
            config::Proxy::At(url) => Proxies::at(url.as_str()),
        }
    }
}

fn sign_in(starface: &config::Starface, login: Login, memory: Arc<dyn SignInMemory>) -> SignIn {
    let password = starface.password.clone().into();
    let client = starface.oauth_client.as_ref().map(|client| OAuthClient {
        id: client.id.clone(),
        secret: client.secret.clone().map(Into::into),
    });
    let oauth = OAuth {
        client,
        scope: starface.oauth_scope.clone(),
        memory,
    };
    match starface.auth {
        StarfaceAuth::Nonce => SignIn::Nonce { login, password },
        StarfaceAuth::OAuth => SignIn::OAuth {
            login,
            password,
            oauth,
        },
        StarfaceAuth::Auto => SignIn::Auto {
            login,
            password,
            oauth,
        },
    }
}

/// The way to the chat status of a PBX. Nothing is sent yet.
///
/// # Errors
/// When the module's name cannot be one.
pub(crate) fn chat(
    starface: &StarfaceAdapter,
    settings: &config::Chat,
) -> Result<StarfaceChatAdapter, PortError> {
    let module =
        ModuleName::parse(&settings.module).map_err(|error| refused("use the companion module", error))?;
    Ok(starface.chat(module, settings.shared_secret.clone().into()))
}

struct GraphCounter {
    instance: InstanceName,
    metrics: Arc<Metrics>,
}

impl CallObserver for GraphCounter {
    fn ended(&self, api: Api, status: Option<u16>) {
        self.metrics.graph_request(&self.instance, api.as_str(), status);
    }
}

fn refused(doing: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::new(Fault::Configuration, doing).caused_by(error)
}
