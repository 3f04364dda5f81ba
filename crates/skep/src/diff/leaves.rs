//! What a program left behind, taken apart into single values with names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use skep_abi::MapType;
use skep_btf::Btf;
use skep_object::MapSpec;

use crate::contents::{Entry, Printer};

/// A single value: where it lies, and which member of which map or record that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Down to the element: `map counts[{"pid":7}].samples`.
    pub(super) path: String,
    /// Without the element: `map counts.samples`.
    pub(super) member: String,
}

/// Everything that a run left behind, by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaves(pub(super) BTreeMap<Place, Value>);

/// Whether user space reads values of a map as values, rather than numbers that the kernel gave out.
pub(super) fn is_comparable(map: &MapSpec) -> bool {
    use MapType as M;
    matches!(
        map.kind,
        Some(
            M::Array
                | M::Hash
                | M::LruHash
                | M::PercpuArray
                | M::PercpuHash
                | M::LruPercpuHash
                | M::LpmTrie
                | M::StackTrace
        )
    )
}

impl Leaves {
    /// Adds the elements of a map.
    pub(super) fn map(&mut self, btf: Option<&Arc<Btf>>, map: &MapSpec, entries: &[Entry]) {
        let printer = Printer { btf, map };
        for (key, value) in entries {
            let mut key = printer.key(key).to_string();
            let value = printer.value(value);
            let name = format!("map {}", map.name);
            // Of data sections there is one element, whose members are variables.
            if map.kind == Some(MapType::Array) && map.max_entries == 1 {
                key = String::new();
            }
            let element = if key.is_empty() { String::new() } else { format!("[{key}]") };
            self.value(&format!("{name}{element}"), &name, &value);
        }
    }

    /// Adds what was printed or sent, in order: lines by word, records by 8 bytes.
    pub(super) fn output(&mut self, output: &[Value]) {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for piece in output {
            let map = piece["map"]
                .as_str()
                .map_or("printed line".to_owned(), |map| format!("record of {map}"));
            let number = numbers.entry(map.clone()).or_default();
            let path = format!("{map} {number}");
            *number += 1;
            match piece {
                Value::String(line) => {
                    for (at, word) in line.split_whitespace().enumerate() {
                        let value = Value::String(word.to_owned());
                        self.put(format!("{path} word {at}"), format!("{map} word {at}"), value);
                    }
                }
                record => {
                    let text = record["data"]["hex"].as_str().unwrap_or_default();
                    for (at, word) in text.as_bytes().chunks(16).enumerate() {
                        let value = Value::String(String::from_utf8_lossy(word).into_owned());
                        let at = at * 8;
                        self.put(format!("{path} +{at}"), format!("{map} +{at}"), value);
                    }
                    self.put(
                        format!("{path} bytes"),
                        format!("{map} bytes"),
                        (text.len() / 2).into(),
                    );
                }
            }
        }
    }

    /// Adds a value by itself.
    pub(super) fn put(&mut self, path: String, member: String, value: Value) {
        self.0.insert(Place { path, member }, value);
    }

    /// Adds a value with all its members.
    fn value(&mut self, path: &str, member: &str, value: &Value) {
        match value {
            Value::Object(members) if !members.contains_key("hex") && !members.is_empty() => {
                for (name, value) in members {
                    self.value(&format!("{path}.{name}"), &format!("{member}.{name}"), value);
                }
            }
            Value::Array(values) if !values.is_empty() => {
                for (at, value) in values.iter().enumerate() {
                    self.value(&format!("{path}[{at}]"), &format!("{member}[]"), value);
                }
            }
            single => self.put(path.to_owned(), member.to_owned(), single.clone()),
        }
    }
}
