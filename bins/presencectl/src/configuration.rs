//! Which configuration file a command works with, and what it says.

use std::path::{Path, PathBuf};

use sync_core::InstanceName;
use sync_service::api::endpoint_file;
use sync_service::config::{self, Environment, Instance, Loaded, Settings};

use crate::failure::Failure;

/// Where the file is looked for when none is named.
const PLACES: [&str; 2] = ["presence-sync.toml", "/etc/presence-sync/presence-sync.toml"];

/// The file that is meant.
///
/// # Errors
/// When none is named and none is where it is looked for.
pub(crate) fn file(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(file) = named {
        return Ok(file.to_owned());
    }
    let found = PLACES.into_iter().map(Path::new).find(|place| place.exists());
    found.map(Path::to_owned).ok_or_else(|| {
        let [here, there] = PLACES;
        Failure::message(format!(
            "there is no configuration file: neither `{here}` here nor `{there}`"
        ))
        .with_hint(
            "name one with `--config FILE`, or begin with `presencectl config example > presence-sync.toml`",
        )
    })
}

/// A good configuration, with the environment that it was read in.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) file: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
}

impl Configuration {
    /// Reads the file that is meant. What is only worth a warning is for `config check` to say.
    pub(crate) fn load(named: Option<&Path>, environment: Environment) -> Result<Self, Failure> {
        let file = file(named)?;
        let Loaded { settings, .. } = config::load(&file, &environment)?;
        Ok(Self {
            file,
            settings,
            environment,
        })
    }

    /// The same, for commands that a daemon in set-up mode serves as well: where there is no file, the one is meant whose
    /// daemon has left its address beside it.
    pub(crate) fn load_or_unconfigured(
        named: Option<&Path>,
        environment: Environment,
    ) -> Result<Self, Failure> {
        let places = PLACES.map(Path::new);
        let places = named.map_or(places.to_vec(), |named| vec![named]);
        if places.iter().any(|place| place.exists()) {
            return Self::load(named, environment);
        }
        for place in places {
            let Loaded { settings, .. } = config::unconfigured(place, &environment)?;
            if endpoint_file(&settings.daemon.state.local()).exists() {
                return Ok(Self {
                    file: place.to_owned(),
                    settings,
                    environment,
                });
            }
        }
        Self::load(named, environment)
    }

    /// One instance.
    pub(crate) fn instance(&self, name: &InstanceName) -> Result<&Instance, Failure> {
        self.settings.instances.get(name).ok_or_else(|| {
            let names: Vec<String> = self
                .settings
                .instances
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let hint = match names.as_slice() {
                [] => "the configuration has no instance at all".to_owned(),
                [one] => format!("the configuration has one instance: {one}"),
                _ => format!("the configuration has the instances {}", names.join(", ")),
            };
            Failure::message(format!("there is no instance `{name}`")).with_hint(hint)
        })
    }

    /// The instance that was named, or else all that are enabled.
    pub(crate) fn meant(&self, named: Option<&InstanceName>) -> Result<Vec<InstanceName>, Failure> {
        if let Some(name) = named {
            self.instance(name)?;
            return Ok(vec![name.clone()]);
        }
        let enabled = self
            .settings
            .instances
            .iter()
            .filter(|(_, instance)| instance.enabled);
        Ok(enabled.map(|(name, _)| name.clone()).collect())
    }
}
