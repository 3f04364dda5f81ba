//! The JSON document that every command writes: `{"schema":1,"command":…,…}`.

use serde_json::{Map, Value, json};

/// The version of the documents' form; it grows when a reader of the old form could be misled by the new one.
const SCHEMA: u32 = 1;

/// Puts `schema` and `command` before the members of a document; the command is null where none was understood.
pub(crate) fn document(command: Option<&str>, fields: Map<String, Value>) -> Value {
    let mut members = Map::new();
    members.insert("schema".to_owned(), json!(SCHEMA));
    members.insert("command".to_owned(), json!(command));
    members.extend(fields);
    Value::Object(members)
}

/// Fails unless a result's document is what the schema of its command says.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_schema(command: &str, result: &impl super::View) {
    let path = format!("{}/../../docs/schemas/{command}.json", env!("CARGO_MANIFEST_DIR"));
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document = document(Some(command), result.fields());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
