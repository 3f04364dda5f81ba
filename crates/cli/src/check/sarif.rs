//! Rejections as SARIF 2.1.0, which code review tools read.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skep::check::{CheckedObject, CheckedProgram, Finding, Judged, SourceLine};

/// The rule of programs that skep cannot judge.
const UNSUPPORTED: &str = "unsupported";

/// The document.
pub(super) fn document(objects: &[CheckedObject]) -> Value {
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for object in objects {
        for program in &object.programs {
            match &program.judged {
                Judged::Accepted => {}
                Judged::Rejected(finding) => {
                    rules.entry(finding.kind).or_insert_with(|| rule(finding));
                    results.push(rejected(object, program, finding));
                }
                Judged::Unsupported(what) => {
                    rules.entry(UNSUPPORTED).or_insert_with(unsupported_rule);
                    results.push(unsupported(object, program, what));
                }
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

/// What a kind of rejection means whatever the program; what it means in this one is the result's to say.
fn rule(finding: &Finding) -> Value {
    let Some(kind) = skep::check::kinds().find(|kind| kind.name == finding.kind) else {
        return json!({
            "id": finding.kind,
            "shortDescription": { "text": finding.meaning },
            "help": { "text": finding.help },
        });
    };
    let meaning = kind.meaning();
    json!({
        "id": kind.name,
        "shortDescription": { "text": meaning.lines().next().unwrap_or(kind.name) },
        "fullDescription": { "text": meaning },
        "help": { "text": kind.help },
    })
}

fn unsupported_rule() -> Value {
    json!({
        "id": UNSUPPORTED,
        "shortDescription": { "text": "skep cannot judge the program." },
    })
}

fn location(source: Option<&SourceLine>, object: &str) -> Value {
    let artifact = |path: &str| json!({ "uri": uri(path) });
    match source {
        // Lines count from 1; 0 is a compiler's word for none.
        Some(source) if source.line > 0 => json!({ "physicalLocation": {
            "artifactLocation": artifact(&source.file),
            "region": { "startLine": source.line, "startColumn": source.column.max(1) },
        }}),
        Some(source) => {
            json!({ "physicalLocation": { "artifactLocation": artifact(&source.file) } })
        }
        None => json!({ "physicalLocation": { "artifactLocation": artifact(object) } }),
    }
}

/// A path as a URI reference (RFC 3986): what a path segment may not hold is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => uri.push(char::from(byte)),
            _ if b"-._~/!$&'()*+,;=@".contains(&byte) => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
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
        "ruleId": UNSUPPORTED,
        "level": "note",
        "message": { "text": format!("skep cannot judge program {}: {what}", program.name) },
        "locations": [location(None, &object.object)],
    })
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references_that_tools_can_resolve() {
        assert_eq!(uri("./src/leak.bpf.c"), "./src/leak.bpf.c");
        assert_eq!(uri("/a b/ü#1?.c"), "/a%20b/%C3%BC%231%3F.c");
    }
}
