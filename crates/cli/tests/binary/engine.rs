//! `run` and `profile` with both engines: skep's machine, and the running kernel.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{classic, program, skep_with_input};

const ENGINES: [&str; 2] = ["machine", "host"];
/// About half a second of one CPU.
const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";

/// Runs with an engine; none, with the reason printed, where that is refused.
fn with(engine: &str, args: &[&str], command: &[&str]) -> Option<Value> {
    let args = [&args[..1], &["--engine", engine, "--json"], &args[1..], &["--"], command].concat();
    let ran = skep_with_input(&args, "");
    if ran.status == 3 {
        skep_skip::skipped!("{engine}: {}", ran.stderr);
        return None;
    }
    holds(args[0], &ran);
    let document = ran.succeeds().json();
    assert_eq!(document["engine"], engine);
    Some(document)
}

fn number(value: &Value) -> u64 {
    value.as_str().map_or_else(|| value.as_u64().unwrap(), |text| text.parse().unwrap())
}

/// Compiles a workload with frame pointers.
fn workload(files: &Files, name: &str) -> String {
    let source = format!("{}/../../tests/workloads/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let out = files.path(name).to_str().unwrap().to_owned();
    let args = ["-O1", "-fno-omit-frame-pointer", "-pthread", "-o", &out, &source, "-lm"];
    assert!(Command::new("cc").args(args).status().unwrap().success());
    out
}

#[test]
fn a_program_sees_every_sample_once_in_either_engine() {
    let object = program("ips");
    for engine in ENGINES {
        let args = ["run", &object, "-F", "499"];
        let Some(run) = with(engine, &args, &["sh", "-c", BUSY]) else { continue };
        let row = &run["programs"][0];
        assert_eq!(row["name"], "count_ip");
        let (samples, runs) = (number(&run["samples"]), number(&row["runs"]));
        assert!(runs > 0 && samples == runs, "{engine}: {run:#}");
        let elements = run["maps"]["ip_map"].as_array().unwrap();
        let counted: u64 = elements.iter().map(|element| number(&element["value"])).sum();
        assert_eq!(counted, runs, "{engine}");
        let objects = if engine == "host" { Value::Null } else { Value::Array(Vec::new()) };
        assert_eq!(run["objects"], objects, "{engine}");
    }
}

#[test]
fn maps_records_and_lines_are_shown_alike() {
    for engine in ENGINES {
        let object = program("task");
        let args = ["run", &object, "-F", "499"];
        let Some(run) = with(engine, &args, &["sh", "-c", BUSY]) else { continue };
        let described = run["programs"].as_array().unwrap().iter();
        let runs: u64 = described
            .filter(|row| row["name"] == "describe_task")
            .map(|row| number(&row["runs"]))
            .sum();
        let records = run["output"].as_array().unwrap().iter();
        let records = records.filter(|piece| piece["map"] == "tasks").count() as u64;
        assert_eq!(records, runs, "{engine}: every run sends a record");
        let bss = &run["maps"]["task.bss"][0]["value"];
        let bss = if bss.is_null() { &run["maps"][".bss"][0]["value"] } else { bss };
        assert_eq!(number(&bss["records"]), runs, "{engine}: {:#}", run["maps"]);
        let by_process = run["maps"]["seen_by_tgid"].as_array().unwrap().iter();
        let seen: u64 = by_process.map(|element| number(&element["value"])).sum();
        assert_eq!(seen, runs, "{engine}");

        // An inherited event cannot be read by the program, which prints that.
        let object = program("stacks");
        let args = ["run", &object, "-c", "1000000", "-e", "cpu-clock"];
        let Some(run) = with(engine, &args, &["sh", "-c", BUSY]) else { continue };
        let lines = run["output"].as_array().unwrap().iter();
        let failed = lines.filter(|line| line.as_str() == Some("Get Time Failed, ErrCode: -95"));
        assert!(failed.count() > 0, "{engine}: {:#} {:#}", run["output"], run["notices"]);
        let stacks = run["maps"]["stackmap"].as_array().unwrap();
        let has_names = stacks.iter().any(|stack| {
            stack["value"].as_array().unwrap().iter().any(|frame| frame["name"].is_string())
        });
        assert!(has_names, "{engine}: {stacks:?}");
    }
}

#[test]
fn a_profile_finds_the_same_shares_in_either_engine() {
    let files = Files::new();
    let three = workload(&files, "three");
    for engine in ENGINES {
        let out = files.path(engine).to_str().unwrap().to_owned();
        let args = ["profile", "-F", "499", "-e", "cpu-clock", "--unwind", "fp", "-o", &out];
        let Some(profile) = with(engine, &args, &[&three]) else { continue };
        let functions = profile["functions"].as_array().unwrap();
        let own: u64 = functions.iter().map(|function| number(&function["self"])).sum();
        assert_eq!(own, number(&profile["samples"]), "{engine}: each sample hits one function");
        let mut named: Vec<(&str, u64)> = functions
            .iter()
            .filter_map(|function| Some((function["name"].as_str()?, number(&function["self"]))))
            .collect();
        named.sort_by_key(|(_, own_samples)| std::cmp::Reverse(*own_samples));
        let share = named[0].1 as f64 / own as f64;
        assert!((0.40..0.60).contains(&share), "{engine}: {named:?}");
        for file in ["flame.svg", "stacks.folded", "profile.pb.gz"] {
            assert!(
                PathBuf::from(&out).join(file).metadata().unwrap().len() > 0,
                "{engine} {file}"
            );
        }
    }
}

#[test]
fn each_way_to_attach_works_in_the_kernel() {
    let object = program("attach");
    for (args, cookie) in [
        (&["--attach", "link", "--cookie", "42"][..], "42"),
        (&["--attach", "ioctl"], "0"),
        (&["--attach", "pmu"], "0"),
    ] {
        let head = ["run", &object, "--prog", "on_sample", "-F", "499", "-e", "cpu-clock"];
        let Some(run) = with("host", &[&head, args].concat(), &["sh", "-c", BUSY]) else { return };
        let cookies = run["maps"]["cookies"].as_array().unwrap();
        let keys: Vec<&Value> = cookies.iter().map(|element| &element["key"]).collect();
        assert_eq!(keys, [cookie], "{args:?}: {run:#}");
    }
}

#[test]
fn threads_of_a_running_process_are_sampled_and_live_on() {
    let files = Files::new();
    let three = workload(&files, "three");
    let mut target = Command::new(three).arg("60").spawn().unwrap();
    let pid = target.id().to_string();
    let object = program("ips");
    let args = ["run", &object, "--engine", "host", "--json", "-F", "499", "-p", &pid];
    let ran = skep_with_input(&[&args[..], &["--duration", "500ms"]].concat(), "");
    let alive = target.try_wait().unwrap().is_none();
    target.kill().unwrap();
    target.wait().unwrap();
    if ran.status == 3 {
        return skep_skip::skipped!("{}", ran.stderr);
    }
    let run = ran.succeeds().json();
    assert!(number(&run["samples"]) > 0, "{run:#}");
    assert!(alive, "the process outlives its samples");
}

#[test]
fn what_the_kernel_rejects_is_told_as_check_tells_it() {
    let object = classic("uninitialised");
    let rejected = skep_with_input(&["run", &object, "--engine", "host", "--", "true"], "");
    if rejected.status == 3 {
        return skep_skip::skipped!("{}", rejected.stderr);
    }
    assert_eq!(rejected.status, 1, "{}", rejected.stderr);
    let machine = skep_with_input(&["run", &object, "--", "true"], "");
    assert_eq!(machine.status, 1, "{}", machine.stderr);
    // Title and place of the first diagnostic.
    let title =
        |text: &str| text.lines().find(|line| line.starts_with("error[")).unwrap().to_owned();
    assert_eq!(title(&rejected.stderr), title(&machine.stderr));
    let place = |text: &str| text.lines().find(|line| line.contains("-->")).unwrap().to_owned();
    assert_eq!(place(&rejected.stderr), place(&machine.stderr));
}

#[test]
fn options_that_contradict_the_kernel_are_wrong_usage() {
    let object = program("ips");
    for (args, part) in [
        (&["--source", "ptrace"][..], "--source ptrace"),
        (&["--unwind", "dwarf"], "--unwind dwarf"),
        (&["--kernel", "6.1"], "--kernel"),
    ] {
        let all = [&["run", &object, "--engine", "host"], args, &["--", "true"]].concat();
        let ran = skep_with_input(&all, "");
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
    }
}

/// Runs a copy of the binary, in a folder that everybody may enter, as a user without any right.
fn unprivileged(args: &[&str]) -> (i32, String) {
    let folder = tempfile::Builder::new().prefix("skep-unprivileged").tempdir_in("/tmp").unwrap();
    let open = |path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    open(folder.path());
    let binary = folder.path().join("skep");
    std::fs::copy(env!("CARGO_BIN_EXE_skep"), &binary).unwrap();
    open(&binary);
    let mut command = Command::new(&binary);
    for arg in args {
        match arg.strip_prefix("object:") {
            Some(name) => {
                let copy = folder.path().join(name);
                std::fs::copy(program(name), &copy).unwrap();
                std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).unwrap();
                command.arg(copy)
            }
            None => command.arg(arg),
        };
    }
    command.current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn without_the_right_to_it_the_kernel_says_what_is_missing_and_the_machine_is_named() {
    for args in [
        &["run", "object:ips", "--engine", "host", "--", "true"][..],
        &["profile", "--engine", "host", "-o", "/tmp/skep-never", "--", "true"],
        &["diff", "object:ips"],
    ] {
        let (status, stderr) = unprivileged(args);
        assert_eq!(status, 3, "{args:?}: {stderr}");
        assert!(stderr.contains("CAP_BPF"), "{args:?}: {stderr}");
        if args[0] != "diff" {
            assert!(stderr.contains("--engine machine"), "{args:?}: {stderr}");
        }
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}
