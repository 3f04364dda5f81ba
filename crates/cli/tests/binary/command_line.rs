//! Help, version, completions, and command lines that are wrong.

use snapbox::{assert_data_eq, file};

use crate::skep::skep;

#[test]
fn help_names_every_command_and_exit_status() {
    let ran = skep(["--help"]).succeeds();
    assert_data_eq!(ran.stdout, file!["golden/help.txt"].raw());
    assert_eq!(ran.stderr, "");
}

#[test]
fn help_of_profile_has_examples() {
    assert_data_eq!(
        skep(["profile", "--help"]).succeeds().stdout,
        file!["golden/help-profile.txt"].raw()
    );
}

#[test]
fn help_of_run_has_examples() {
    assert_data_eq!(skep(["run", "--help"]).succeeds().stdout, file!["golden/help-run.txt"].raw());
}

#[test]
fn help_of_dump_has_examples() {
    assert_data_eq!(
        skep(["dump", "--help"]).succeeds().stdout,
        file!["golden/help-dump.txt"].raw()
    );
}

#[test]
fn help_of_list_has_examples() {
    assert_data_eq!(
        skep(["list", "--help"]).succeeds().stdout,
        file!["golden/help-list.txt"].raw()
    );
}

#[test]
fn help_of_machine_show_has_the_whole_grammar() {
    assert_data_eq!(
        skep(["machine", "show", "--help"]).succeeds().stdout,
        file!["golden/help-machine-show.txt"].raw()
    );
}

#[test]
fn version_is_the_packages() {
    let ran = skep(["--version"]).succeeds();
    assert_eq!(ran.stdout, format!("skep {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_command_at_all_prints_the_help_and_is_wrong_usage() {
    let ran = skep([]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("Usage: skep"), "{}", ran.stderr);
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = skep(["completions", shell]).succeeds().stdout;
        for command in ["profile", "run", "dump", "list", "machine", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        for option in ["smt", "idle-script"] {
            assert!(script.contains(option), "{shell}: {option}");
        }
    }
}

#[test]
fn wrong_command_lines_end_with_status_2_and_say_what_is_wrong() {
    for (args, part) in [
        (vec!["nonsense"], "'nonsense'"),
        (vec!["check"], "<OBJ>"),
        (vec!["profile"], "not told whom to sample"),
        (vec!["profile", "sleep", "1"], "'sleep'"),
        (vec!["profile", "-F", "99", "-c", "7", "-a"], "cannot be used with"),
        (vec!["profile", "-p", "none"], "`none` is no process id"),
        (vec!["profile", "-C", "3-1", "-a"], "upside down"),
        (vec!["profile", "--duration", "soon", "-a"], "`soon` is no duration"),
        (vec!["profile", "-a", "-p", "1"], "cannot be used with"),
        (vec!["run", "--", "true"], "<OBJ>"),
        (vec!["run", "x.o", "--cookie", "ten", "-a"], "`ten` is no number"),
        (vec!["dump"], "<OBJ>"),
        (vec!["dump", "x.o", "--kernel", "new"], "`new` is no release"),
        (vec!["list", "everything"], "everything"),
        (vec!["list", "helpers", "--prog-type", "perf"], "`perf` is no program type"),
        (vec!["list", "maps", "--prog-type", "xdp"], "takes no --prog-type"),
        (vec!["completions", "tcsh"], "tcsh"),
        (vec!["machine"], "Usage: skep machine"),
        (vec!["machine", "show", "--topology", "2 hives"], "column 3: `hives` is not a unit"),
        (vec!["machine", "show", "--topology", "0 cpus"], "a machine has at least 1"),
        (vec!["machine", "show", "--topology", "nowhere.toml"], "there is no file `nowhere.toml`"),
    ] {
        let ran = crate::skep::skep_with_input(&args, "");
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}
