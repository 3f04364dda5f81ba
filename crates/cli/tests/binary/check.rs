//! `skep check` and `skep explain`: ten classic mistakes, exit statuses, formats.

use std::path::PathBuf;

use snapbox::{Data, assert_data_eq};

use crate::elf::Files;
use crate::skep::{classic, program, skep};

/// The mistakes, and the kernel that judges them.
const MISTAKES: &[(&str, &str)] = &[
    ("gpl_call_without_licence", "6.18"),
    ("leak", "6.18"),
    ("missing_null_check", "6.18"),
    ("out_of_bounds", "6.18"),
    ("sleeping_call", "6.18"),
    ("unbounded_loop", "6.18"),
    ("uninitialised", "6.18"),
    ("unknown_kfunc", "6.12"),
    ("use_after_release", "6.18"),
    ("wrong_context_offset", "6.18"),
];

/// The output without what differs from run to run and from folder to folder.
fn stable(text: &str, object: &str) -> String {
    let text = text.replace(object, "OBJ");
    // The time is the last column of the table, whose width follows it.
    let columns = |row: &str| row.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = text.lines().map(|line| match line.strip_suffix(" ms") {
        Some(row) => columns(row.rsplit_once(' ').map_or("", |(row, _)| row)),
        None if line.ends_with(" time") => columns(line),
        None => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn classic_mistakes_are_explained() {
    for (name, kernel) in MISTAKES {
        let object = classic(name);
        let ran = skep(["check", &object, "--kernel", kernel]);
        assert_eq!(ran.status, 1, "{name}: {}{}", ran.stdout, ran.stderr);
        let blessed = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../tests/ui/classic/{name}.txt"));
        assert_data_eq!(stable(&ran.stdout, &object), Data::read_from(&blessed, None).raw());
    }
}

#[test]
fn the_exit_status_is_the_gravest() {
    let (good, bad) = (program("ips"), classic("leak"));
    let status = |args: &[&str]| {
        let args: Vec<&str> = ["check", "--kernel", "6.18"].iter().chain(args).copied().collect();
        crate::skep::skep_with_input(&args, "").status
    };
    assert_eq!(status(&[&good]), 0);
    assert_eq!(status(&[&good, &bad]), 1);
    assert_eq!(status(&[&good, &bad, "/nonexistent.o"]), 2);
    assert_eq!(status(&[&good, "--prog", "nobody"]), 2);
    let files = Files::new();
    let broken = files.file("broken.o", b"\x7fELF");
    assert_eq!(status(&[&broken]), 2);
}

#[test]
fn what_was_not_judged_is_in_the_document() {
    let ran = skep(["check", &program("ips"), "/nonexistent.o", "--kernel", "6.18", "--json"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["objects"].as_array().unwrap().len(), 1);
    assert_eq!(document["errors"][0]["kind"], "input");
    assert!(document["errors"][0]["message"].as_str().unwrap().contains("/nonexistent.o"));
    let nobody = skep(["check", &program("ips"), "--kernel", "6.18", "--prog", "nobody"]);
    assert_eq!(nobody.stdout, "", "there is no table without programs");
}

#[test]
fn our_own_programs_are_accepted_by_every_kernel() {
    for name in ["ips", "profile", "stacks", "task"] {
        let ran = skep(["check", &program(name), "--matrix"]);
        assert_eq!(ran.status, 0, "{name}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn the_kernels_form_ends_in_its_statistics() {
    let ran = skep(["check", &classic("leak"), "--kernel", "6.18", "--format", "kernel"]);
    let last = ran.stdout.trim_end().lines().last().unwrap();
    assert!(last.starts_with("processed 16 insns (limit 1000000) max_states_per_insn"), "{last}");
    assert!(ran.stdout.contains("would lead to reference leak"), "{}", ran.stdout);
}

/// What SARIF 2.1.0 asks of a result: a message, a rule that the driver has, a level, places that count from 1.
#[test]
fn sarif_has_what_its_schema_demands() {
    let mut results = 0;
    for (name, kernel) in MISTAKES {
        let ran = skep(["check", &classic(name), "--kernel", kernel, "--format", "sarif"]);
        let document = ran.json();
        assert_eq!(document["version"], "2.1.0");
        for run in document["runs"].as_array().unwrap() {
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].is_string()));
            let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
            assert!(ids.is_sorted_by(|a, b| a < b), "rules are told once: {ids:?}");
            for result in run["results"].as_array().unwrap() {
                results += 1;
                assert!(ids.contains(&result["ruleId"].as_str().unwrap()), "{result}");
                assert!(["error", "note"].contains(&result["level"].as_str().unwrap()));
                assert!(!result["message"]["text"].as_str().unwrap().is_empty());
                let places = ["locations", "relatedLocations"].map(|key| result[key].as_array());
                for place in places.into_iter().flatten().flatten() {
                    let place = &place["physicalLocation"];
                    assert!(place["artifactLocation"]["uri"].is_string(), "{result}");
                    let region = &place["region"];
                    let counts = |key| region[key].as_u64().is_some_and(|n| n > 0);
                    assert!(region.is_null() || counts("startLine") && counts("startColumn"));
                }
            }
        }
    }
    assert!(results >= MISTAKES.len(), "{results} results");
}

#[test]
fn sarif_names_the_rule_and_the_place() {
    let ran = skep(["check", &classic("leak"), "--kernel", "6.18", "--format", "sarif"]);
    let document = ran.json();
    let run = &document["runs"][0];
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(run["results"][0]["ruleId"], run["tool"]["driver"]["rules"][0]["id"]);
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "./leak.bpf.c");
    assert_eq!(place["region"]["startLine"], 22);
}

#[test]
fn a_sentence_of_the_kernel_is_explained() {
    let ran = skep(["explain", "R6 !read_ok"]).succeeds();
    assert!(ran.stdout.contains("register-uninit"), "{}", ran.stdout);
    assert_eq!(skep(["explain", "no such thing at all"]).status, 2);
}

#[test]
fn an_explanation_shows_a_program_and_the_insn_at_fault() {
    let ran = skep(["explain", "invalid-mem-access"]).succeeds();
    let fault = "> r0 = *(u64 *)(r0 +0)   <- R0 invalid mem access 'map_value_or_null'".to_owned();
    let lines: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let fault = fault.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(lines.contains(&fault), "{}", ran.stdout);
    assert!(ran.stdout.contains("; map m: hash 4 8 1"), "{}", ran.stdout);
    let loader = skep(["explain", "unresolved"]).succeeds();
    assert!(loader.stdout.contains("the kernel has no kfunc of this name"), "{}", loader.stdout);
}

#[test]
fn every_kind_has_an_example_or_tells_why_not() {
    let ran = skep(["explain", "--json"]).succeeds();
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let kinds = document["kinds"].as_array().unwrap();
    assert!(kinds.len() > 380, "{}", kinds.len());
    for kind in kinds {
        let has = !kind["example"].is_null();
        assert_eq!(has, kind["no_example"].is_null(), "{kind}");
    }
}

#[test]
fn a_rejected_program_is_not_run() {
    let ran = skep(["run", &classic("leak"), "--kernel", "6.18", "--", "true"]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("would lead to reference leak"), "{}", ran.stderr);
    assert!(ran.stderr.contains("so it is not run"), "{}", ran.stderr);
}
