//! `[license]`, and the licence of each instance.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use licensing::{Issuers, Licence as Verified, Refusal};
use sync_core::{Holding, InstanceName};

use super::fault::FaultKind;
use super::instance::Read;
use super::reader::Reader;
use super::secret_files::NamedFiles;
use super::settings::Licence;
use super::source::{Located, Place};

/// What all instances have of `[license]`.
pub(super) struct License {
    key_file: Option<Located<PathBuf>>,
    issuers: Arc<Issuers>,
    place: Place,
}

/// Reads the table and the keys of the issuers.
pub(super) fn read(file: &Reader<'_>, named: &NamedFiles<'_>) -> License {
    let license = file.table("license");
    let key_file = license.file_name("key_file");
    let keys_file = license.file_name("issuer_keys_file");
    let mut issuers = built_in(&license);
    if let Some(name) = keys_file {
        issuers = issuers.and(issuer_keys(&license, named, &name).unwrap_or_default());
    }
    License {
        key_file,
        issuers: Arc::new(issuers),
        place: license.place.clone(),
    }
}

fn built_in(license: &Reader<'_>) -> Issuers {
    Issuers::builtin().unwrap_or_else(|error| {
        let what = format!("the program was built with an issuer key that cannot be used: {error}");
        license
            .source
            .fault(&license.place, FaultKind::NamedFile, what, None);
        Issuers::none()
    })
}

fn issuer_keys(license: &Reader<'_>, named: &NamedFiles<'_>, name: &Located<PathBuf>) -> Option<Issuers> {
    if !cfg!(feature = "custom-issuers") {
        let what = "this build of the program accepts the licences of its vendor alone";
        let hint = "remove it, and use a licence of the vendor's";
        license
            .source
            .fault(&name.place, FaultKind::BadValue, what, Some(hint.to_owned()));
        return None;
    }
    let contents = named.plain(license.source, name)?;
    match Issuers::from_pem(&contents) {
        Ok(issuers) => Some(issuers),
        Err(error) => {
            let what = format!("`{}` cannot be used: {error}", name.value.display());
            let hint = "name the file with the public keys of the issuing desk: `issuer.pub`";
            license
                .source
                .fault(&name.place, FaultKind::NamedFile, what, Some(hint.to_owned()));
            None
        }
    }
}

impl License {
    pub(super) fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.issuers)
    }

    /// The file of `key_file`, which need not be there.
    pub(super) fn path(&self, named: &NamedFiles<'_>) -> Option<PathBuf> {
        self.key_file.as_ref().map(|name| named.optional(name).0)
    }

    /// The licence of each instance. What is wrong with one is a warning and no fault, because the daemon starts all the
    /// same: it synchronises nobody, and says why.
    pub(super) fn of_instances(
        &self,
        file: &Reader<'_>,
        named: &NamedFiles<'_>,
        instances: &[Read],
    ) -> BTreeMap<InstanceName, Licence> {
        let of = |read: &Read| {
            let licence = self.of_instance(file, named, read.licence_file.as_ref(), read.enabled);
            (read.name.value.clone(), licence)
        };
        instances.iter().map(of).collect()
    }

    fn of_instance(
        &self,
        file: &Reader<'_>,
        named: &NamedFiles<'_>,
        own: Option<&Located<PathBuf>>,
        enabled: bool,
    ) -> Licence {
        let warn = |place: &Place, what: String| {
            if enabled {
                file.source
                    .warning(place, format!("{what}: nobody is synchronised"));
            }
        };
        let issuers = Arc::clone(&self.issuers);
        let Some(name) = own.or(self.key_file.as_ref()) else {
            let what = "there is no licence: nobody is synchronised; write `[license]` with `key_file = \"license.key\"`";
            warn(&self.place, what.to_owned());
            return Licence {
                path: None,
                holding: Holding::Missing,
                issuers,
            };
        };
        let (path, contents) = named.optional(name);
        let shown = path.display();
        let holding = match contents {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let hint = "`presencectl license install FILE` puts a licence there";
                warn(
                    &name.place,
                    format!("there is no file `{shown}`: nobody is synchronised; {hint}"),
                );
                Holding::Missing
            }
            Err(error) => Holding::Unusable(Refusal::Unreadable(error.to_string())),
            Ok(contents) => match Verified::verified(&contents, &self.issuers) {
                Ok(licence) => Holding::Verified(Arc::new(licence)),
                Err(refusal) => Holding::Unusable(refusal),
            },
        };
        if let Holding::Unusable(refusal) = &holding {
            // A licence that was verified before goes on, so that it is not said here that nobody is synchronised.
            warn(&name.place, format!("`{shown}`: {refusal}"));
        }
        Licence {
            path: Some(path),
            holding,
            issuers,
        }
    }
}
