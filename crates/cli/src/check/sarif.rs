//! Rejections as SARIF 2.1.0, which code review tools read.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skep::check::{CheckedObject, CheckedProgram, Finding, Judged, SourceLine};

/// The document.
pub(super) fn document(objects: &[CheckedObject]) -> Value {
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for object in objects {
        for program in &object.programs {
            match &program.judged {
                Judged::Accepted => {}
                Judged::Rejected(finding) => {
                    rules.insert(finding.kind, rule(finding));
                    results.push(rejected(object, program, finding));
                }
                Judged::Unsupported(what) => results.push(unsupported(object, program, what)),
            }
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "skep",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    json!({
        "id": finding.kind,
        "shortDescription": { "text": finding.meaning },
        "help": { "text": finding.help },
    })
}

fn location(source: Option<&SourceLine>, object: &str) -> Value {
    match source {
        Some(source) => json!({ "physicalLocation": {
            "artifactLocation": { "uri": source.file },
            "region": { "startLine": source.line, "startColumn": source.column.max(1) },
        }}),
        None => json!({ "physicalLocation": { "artifactLocation": { "uri": object } } }),
    }
}

fn rejected(object: &CheckedObject, program: &CheckedProgram, finding: &Finding) -> Value {
    let steps: Vec<Value> = finding
        .facts
        .iter()
        .map(|fact| {
            let mut place = location(fact.source.as_ref(), &object.object);
            place["message"] = json!({ "text": fact.text });
            place
        })
        .collect();
    json!({
        "ruleId": finding.kind,
        "level": "error",
        "message": { "text": format!(
            "Linux {} rejects program {}: {}. {}",
            object.release, program.name, finding.message, finding.help,
        )},
        "locations": [location(finding.source.as_ref(), &object.object)],
        "relatedLocations": steps,
    })
}

fn unsupported(object: &CheckedObject, program: &CheckedProgram, what: &str) -> Value {
    json!({
        "ruleId": "unsupported",
        "level": "note",
        "message": { "text": format!("skep cannot judge program {}: {what}", program.name) },
        "locations": [location(None, &object.object)],
    })
}
