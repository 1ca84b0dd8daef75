//! Device groups, and the calls by which they are made (`/gcm/notification`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::json;

use crate::fcm::Ids;
use crate::web::{Asked, Told};

const MOST_MEMBERS: usize = 20;

/// Ids by notification key.
pub(super) struct Groups {
    /// Those that are there from the start.
    given: BTreeMap<String, Vec<String>>,
    made: Mutex<BTreeMap<String, Group>>,
}

/// Without keys and ids, which identify devices.
impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups")
            .field("given", &self.given.len())
            .field("made", &self.open().len())
            .finish()
    }
}

struct Group {
    name: String,
    members: Vec<String>,
}

#[derive(Deserialize)]
struct Order {
    operation: String,
    #[serde(default)]
    notification_key_name: String,
    #[serde(default)]
    notification_key: String,
    #[serde(default)]
    registration_ids: Vec<String>,
}

impl Groups {
    pub(super) fn new(given: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            given,
            made: Mutex::default(),
        }
    }

    /// The members of a group; `None` if this is no notification key.
    pub(super) fn members(&self, key: &str) -> Option<Vec<String>> {
        if let Some(members) = self.given.get(key) {
            return Some(members.clone());
        }
        self.open().get(key).map(|group| group.members.clone())
    }

    /// Forgets those that clients have made.
    pub(super) fn clear(&self) {
        self.open().clear();
    }

    /// Answers a call about groups.
    pub(super) fn answer(&self, asked: &Asked, ids: &Ids) -> Told {
        let done = match asked.method.as_str() {
            _ if asked.header("project_id").is_none_or(str::is_empty) => {
                Err("project_id is missing")
            }
            "GET" => self.find(
                &asked
                    .query_value("notification_key_name")
                    .unwrap_or_default(),
            ),
            "POST" => match serde_json::from_slice::<Order>(&asked.body) {
                Ok(order) => self.carry_out(order, ids),
                Err(_) => Err("invalid JSON"),
            },
            _ => return Told::not_found(&asked.path),
        };
        let (status, body) = match done {
            Ok(key) => (200, json!({"notification_key": key})),
            Err(error) => (400, json!({"error": error})),
        };
        let told = Told::new(status, "application/json; charset=UTF-8", body.to_string());
        if status == 200 { told.managed() } else { told }
    }

    fn find(&self, name: &str) -> Result<String, &'static str> {
        let made = self.open();
        let found = made.iter().find(|(_, group)| group.name == name);
        found
            .map(|(key, _)| key.clone())
            .ok_or("notification_key not found")
    }

    fn carry_out(&self, order: Order, ids: &Ids) -> Result<String, &'static str> {
        let mut made = self.open();
        if order.registration_ids.is_empty() || order.registration_ids.iter().any(String::is_empty)
        {
            return Err("no valid registration ids");
        }
        if order.operation == "create" {
            let name = order.notification_key_name;
            if made.values().any(|group| group.name == name) {
                return Err("notification_key already exists");
            }
            let key = format!("APA91bGroup-{:016x}{:016x}", ids.next(), ids.next());
            let mut group = Group {
                name,
                members: Vec::new(),
            };
            group.add(order.registration_ids)?;
            made.insert(key.clone(), group);
            return Ok(key);
        }
        let key = order.notification_key;
        let group = made.get_mut(&key).ok_or("notification_key not found")?;
        if !order.notification_key_name.is_empty() && order.notification_key_name != group.name {
            return Err(
                "notification_key_name doesn't match the group name of the notification_key",
            );
        }
        match order.operation.as_str() {
            "add" => group.add(order.registration_ids)?,
            "remove" => {
                group
                    .members
                    .retain(|id| !order.registration_ids.contains(id));
                if group.members.is_empty() {
                    made.remove(&key);
                }
            }
            _ => return Err("invalid operation"),
        }
        Ok(key)
    }

    /// A panic elsewhere leaves nothing half done here.
    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Group>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// All of them, or none.
    fn add(&mut self, ids: Vec<String>) -> Result<(), &'static str> {
        let mut members = self.members.clone();
        for id in ids {
            if !members.contains(&id) {
                members.push(id);
            }
        }
        if members.len() > MOST_MEMBERS {
            return Err("too many registration ids");
        }
        self.members = members;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(groups: &Groups, order: serde_json::Value) -> Result<String, &'static str> {
        groups.carry_out(serde_json::from_value(order).unwrap(), &Ids::new())
    }

    #[test]
    fn a_group_lives_until_its_last_member_leaves() {
        let groups = Groups::new(BTreeMap::new());
        let create = json!({"operation": "create", "notification_key_name": "user",
                            "registration_ids": ["a", "b", "a"]});
        let key = order(&groups, create.clone()).unwrap();
        assert_eq!(groups.members(&key).unwrap(), ["a", "b"]);
        assert_eq!(
            order(&groups, create),
            Err("notification_key already exists")
        );
        assert_eq!(groups.find("user"), Ok(key.clone()));

        let change = |operation: &str, ids: &[&str]| json!({"operation": operation, "notification_key": key, "registration_ids": ids});
        order(&groups, change("add", &["c"])).unwrap();
        order(&groups, change("remove", &["a", "b"])).unwrap();
        assert_eq!(groups.members(&key).unwrap(), ["c"]);
        let many: Vec<String> = (0..20).map(|id| id.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            order(&groups, change("add", &many)),
            Err("too many registration ids")
        );
        assert_eq!(
            order(&groups, change("add", &[])),
            Err("no valid registration ids")
        );
        order(&groups, change("remove", &["c"])).unwrap();
        assert_eq!(groups.members(&key), None);

        let again = json!({"operation": "create", "notification_key_name": "user",
                           "registration_ids": ["c"]});
        let key = order(&groups, again).unwrap();
        assert!(groups.members(&key).is_some());
        groups.clear();
        assert_eq!(
            order(&groups, change("add", &["c"])),
            Err("notification_key not found")
        );
        assert_eq!(groups.members(&key), None);
    }

    #[test]
    fn a_group_of_another_name_is_not_changed() {
        let groups = Groups::new(BTreeMap::new());
        let create = json!({"operation": "create", "notification_key_name": "user",
                            "registration_ids": ["a"]});
        let key = order(&groups, create).unwrap();
        let other = json!({"operation": "add", "notification_key_name": "other",
                           "notification_key": key, "registration_ids": ["b"]});
        assert!(
            order(&groups, other)
                .unwrap_err()
                .starts_with("notification_key_name doesn't")
        );
        assert_eq!(groups.members(&key).unwrap(), ["a"]);
    }
}
