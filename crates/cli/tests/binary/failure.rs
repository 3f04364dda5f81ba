//! Input that cannot be used: one paragraph, the right exit status, and the same for scripts.

use serde_json::json;

use crate::elf::{Files, bpf_without_programs};
use crate::skep::{program, skep};

/// Dumps a file that is no object; checks status, text and document.
fn refused(path: &str, part: &str) {
    let ran = skep(["dump", path]);
    assert_eq!(ran.status, 2, "{path}: {}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(path) && ran.stderr.contains(part), "{}", ran.stderr);
    assert!(!ran.stderr.contains("\n\n"), "one paragraph: {}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let document = skep(["dump", path, "--json"]).json();
    assert_eq!(document["error"]["kind"], "input");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(ran.stderr.contains(message), "{message}");
}

#[test]
fn a_missing_file_is_named() {
    refused("/nowhere/at/all.bpf.o", "No such file or directory");
}

#[test]
fn a_folder_is_no_object() {
    refused(env!("CARGO_MANIFEST_DIR"), "Is a directory");
}

#[test]
fn a_file_without_end_is_given_up() {
    refused("/dev/zero", "more than 64 MiB");
}

#[test]
fn text_is_no_object() {
    let files = Files::new();
    refused(&files.file("text.o", b"int main(void) { return 0; }\n"), "ELF");
    refused(&files.file("empty.o", b""), "empty");
}

#[test]
fn a_program_for_this_machine_is_no_bpf_object() {
    refused(env!("CARGO_BIN_EXE_skep"), "BPF");
}

#[test]
fn an_object_for_big_endian_is_told_apart() {
    let files = Files::new();
    refused(&files.file("big.o", &bpf_without_programs(true)), "big-endian");
}

#[test]
fn an_object_without_programs_says_so() {
    let files = Files::new();
    refused(&files.file("none.o", &bpf_without_programs(false)), "program");
}

#[test]
fn every_truncation_of_an_object_is_an_error_or_an_object() {
    let files = Files::new();
    let whole = std::fs::read(program("task")).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        let path = files.file("cut.o", &whole[..length]);
        let ran = skep(["dump", &path, "--json"]);
        assert!((0..=4).contains(&ran.status), "{length}: {}", ran.stderr);
        assert_eq!(ran.status == 0, ran.json().get("error").is_none(), "{length}");
        assert!(!ran.stderr.contains("panicked"), "{length}: {}", ran.stderr);
    }
}

#[test]
fn a_program_that_is_not_there_is_answered_with_those_that_are() {
    let ran = skep(["dump", &program("ips"), "--prog", "nothing"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("no program `nothing`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("count_ip"), "{}", ran.stderr);
}

#[test]
fn wrong_usage_is_a_document_too() {
    let document = skep(["nonsense", "--json"]).json();
    assert_eq!((&document["schema"], &document["command"]), (&json!(1), &json!(null)));
    assert_eq!(document["error"]["kind"], "input");
    assert!(document["error"]["message"].as_str().unwrap().contains("nonsense"));
}

#[test]
fn a_document_can_go_to_a_file_or_fail_to() {
    let files = Files::new();
    let path = files.path("out.json");
    let ran = skep(["list", "maps", &format!("--json={}", path.display())]).succeeds();
    assert!(ran.stdout.contains("stack_trace"), "the table is printed as well");
    let written: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(written["command"], "list");
    let ran = skep(["list", "maps", "--json=/nowhere/at/all.json"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("/nowhere/at/all.json"), "{}", ran.stderr);
}
