//! Application default credentials, in Google's order.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use push_core::{Error, ErrorKind, Result};

use super::environment::{Environment, variable};
use super::file::{KeyFile, identity};
use super::grant::Grant;
use super::metadata::Metadata;

const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const FILE: &str = "application_default_credentials.json";

/// Reads a file with credentials.
pub(super) fn read_file(environment: &dyn Environment, path: &Path) -> Result<Arc<dyn Grant>> {
    let json = environment
        .read(path)
        .map_err(|error| unreadable(path, error))?;
    let grant = KeyFile::parse(&json).and_then(|file| file.grant());
    grant.map_err(|error| {
        // Which of several files it is matters more than what is wrong with it.
        Error::new(error.kind(), format!("{}: {error}", path.display())).with_source(error)
    })
}

/// What was found first.
pub(super) fn find(environment: &dyn Environment) -> Result<Arc<dyn Grant>> {
    if let Some(path) = variable(environment, VARIABLE) {
        return read_file(environment, Path::new(&path)).map_err(|error| {
            let message = format!("the credentials that {VARIABLE} names: {error}");
            Error::new(error.kind(), message).with_source(error)
        });
    }
    let mut looked = vec![format!("{VARIABLE} is not set")];
    match gcloud(environment) {
        None => looked.push("gcloud's file: no home directory is known".to_owned()),
        Some(folder) => {
            let path = folder.join(FILE);
            match environment.read(&path) {
                Ok(_) => return read_file(environment, &path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => looked.push(format!(
                    "{} is not there (`gcloud auth application-default login` makes it)",
                    path.display()
                )),
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
    }
    if variable(environment, "NO_GCE_CHECK").is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        let looked = looked.join("; ");
        return Err(identity(format!(
            "no credentials found: {looked}; the metadata server: not asked, since NO_GCE_CHECK is set"
        )));
    }
    Ok(Arc::new(Metadata::new(looked)))
}

/// gcloud's folder.
fn gcloud(environment: &dyn Environment) -> Option<PathBuf> {
    if let Some(folder) = variable(environment, "CLOUDSDK_CONFIG") {
        return Some(folder.into());
    }
    let (home, inside) = match cfg!(windows) {
        true => ("APPDATA", "gcloud"),
        false => ("HOME", ".config/gcloud"),
    };
    let home = variable(environment, home)?;
    Some(Path::new(&home).join(inside))
}

/// The project that the environment names.
pub(super) fn project(environment: &dyn Environment) -> Option<String> {
    firebase_project(environment)
        .or_else(|| variable(environment, "GOOGLE_CLOUD_PROJECT"))
        .or_else(|| variable(environment, "GCLOUD_PROJECT"))
}

/// `projectId` of `FIREBASE_CONFIG`, which is JSON or the path of a file with it.
fn firebase_project(environment: &dyn Environment) -> Option<String> {
    let config = variable(environment, "FIREBASE_CONFIG")?;
    let json = match config.trim_start().starts_with('{') {
        true => config.into_bytes(),
        false => environment.read(Path::new(&config)).ok()?,
    };
    let config: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let id = config.get("projectId")?.as_str()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// The project of gcloud's configuration in force.
pub(super) fn gcloud_project(environment: &dyn Environment) -> Option<String> {
    if let Some(id) = variable(environment, "CLOUDSDK_CORE_PROJECT") {
        return Some(id);
    }
    let folder = gcloud(environment)?;
    let text = |path: &Path| String::from_utf8(environment.read(path).ok()?).ok();
    let name = variable(environment, "CLOUDSDK_ACTIVE_CONFIG_NAME")
        .or_else(|| text(&folder.join("active_config")))
        .unwrap_or_else(|| "default".to_owned());
    let file = format!("config_{}", name.trim());
    let config = text(&folder.join("configurations").join(file))?;
    project_of_config(&config)
}

/// `project` in the section `[core]`.
fn project_of_config(config: &str) -> Option<String> {
    let mut is_core = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            is_core = line == "[core]";
        } else if is_core
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == "project"
        {
            let value = value.trim();
            return (!value.is_empty()).then(|| value.to_owned());
        }
    }
    None
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    let message = format!("the credentials in {} can't be read", path.display());
    Error::new(ErrorKind::Identity, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gclouds_project_is_the_one_of_its_core() {
        let config = "[compute]\nproject = other\n\n[core]\naccount = a@b\nproject = mine \n";
        assert_eq!(project_of_config(config).as_deref(), Some("mine"));
        assert_eq!(project_of_config("[core]\nproject =\n"), None);
        assert_eq!(project_of_config("project = x"), None);
    }
}
