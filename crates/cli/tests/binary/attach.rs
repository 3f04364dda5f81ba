//! How programs are attached: each method of `run` and `profile`, cookies, inherited events, tracepoints.

use std::process::Command;

use serde_json::Value;

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{Ran, program, skep_with_input};

/// About half a second of one CPU.
const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";

/// Runs with the object that tells how it is attached; `None`, with the reason printed, where sampling is refused.
fn run(args: &[&str], command: &str) -> Option<Value> {
    let object = program("attach");
    let head = ["run", &object, "--json", "-F", "499"];
    let ran = skep_with_input(&[&head, args, &["--", "sh", "-c", command]].concat(), "");
    if ran.status == 3 {
        skep_skip::skipped!("{}", ran.stderr);
        return None;
    }
    holds("run", &ran);
    Some(ran.succeeds().json())
}

/// The elements of a map: keys as they are, values as numbers.
fn elements(run: &Value, map: &str) -> Vec<(Value, u64)> {
    let number = |value: &Value| value.as_str().map_or(value.as_u64(), |text| text.parse().ok());
    let elements = run["maps"][map].as_array().unwrap().iter();
    elements.map(|e| (e["key"].clone(), number(&e["value"]).unwrap())).collect()
}

#[test]
fn programs_see_the_cookie_of_a_link_and_no_other() {
    for (args, cookie) in [
        (&["--attach", "link", "--cookie", "0x2a"][..], "42"),
        (&["--cookie", "18446744073709551615"], "18446744073709551615"),
        (&["--attach", "link"], "0"),
        (&["--attach", "ioctl"], "0"),
        (&["--attach", "pmu", "-e", "cpu-clock"], "0"),
    ] {
        let Some(run) = run(&[args, &["--prog", "on_sample"]].concat(), BUSY) else { return };
        let runs = run["programs"][0]["runs"].as_u64().unwrap();
        assert!(runs > 0 && run["samples"].as_u64() == Some(runs), "{args:?}: {run:#}");
        assert_eq!(elements(&run, "cookies"), [(Value::from(cookie), runs)], "{args:?}");
    }
}

#[test]
fn children_of_the_command_are_sampled_without_the_cookie() {
    let command = format!("{BUSY}; sh -c '{BUSY}'; true");
    let Some(run) = run(&["--cookie", "7"], &command) else { return };
    let mut cookies = elements(&run, "cookies");
    cookies.sort_by_key(|(cookie, _)| cookie.to_string());
    let keys: Vec<&Value> = cookies.iter().map(|(cookie, _)| cookie).collect();
    assert_eq!(keys, ["0", "7"], "{run:#}");
    let total: u64 = cookies.iter().map(|(_, samples)| samples).sum();
    assert_eq!(run["programs"][0]["name"], "on_sample");
    assert_eq!(run["programs"][0]["runs"].as_u64(), Some(total));
    // The program that watches new tasks ran for the one that the shell made.
    assert_eq!(run["programs"][1]["name"], "on_newtask");
    let children: u64 = elements(&run, "children").iter().map(|(_, count)| count).sum();
    assert_eq!(run["programs"][1]["runs"].as_u64(), Some(children));
    assert!(children >= 1, "{run:#}");
}

#[test]
fn a_profile_can_be_attached_each_way() {
    for method in ["link", "ioctl", "pmu"] {
        let files = Files::new();
        let out = files.path("out").to_str().unwrap().to_owned();
        let args = ["profile", "--json", "--attach", method, "-e", "cpu-clock", "-F", "499"];
        let rest = ["-o", &out, "--", "sh", "-c", BUSY];
        let ran = skep_with_input(&[&args[..], &rest].concat(), "");
        if ran.status == 3 {
            skep_skip::skipped!("{}", ran.stderr);
            return;
        }
        let profile = ran.succeeds().json();
        assert!(profile["samples"].as_u64().unwrap() > 0, "{method}: {profile:#}");
    }
}

/// Runs skep where tracefs is mounted for it alone; `None`, with the reason printed, where that is refused.
fn traced(args: &[&str]) -> Option<Ran> {
    let script = "mount -t tracefs none /sys/kernel/tracing && exec \"$0\" \"$@\"";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_skep")])
        .args(args)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            skep_skip::skipped!("unshare: {error}");
            return None;
        }
    };
    let status = output.status.code().unwrap_or(-1);
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if status == 3 || stderr.contains("unshare:") || stderr.contains("mount:") {
        skep_skip::skipped!("tracepoints: {stderr}");
        return None;
    }
    Some(Ran { status, stdout, stderr })
}

#[test]
fn tracepoint_programs_run_on_each_hit() {
    let object = program("attach");
    for method in ["pmu", "ioctl", "link"] {
        let args = ["run", &object, "--json", "--attach", method, "-e", "task:task_rename"];
        // Each exec renames its task once.
        let command = ["-c", "1", "--", "sh", "-c", "/bin/true; /bin/true; exec /bin/true"];
        let Some(ran) = traced(&[&args[..], &command].concat()) else { return };
        let run = ran.succeeds().json();
        assert_eq!(run["programs"][0]["name"], "on_rename");
        let runs = run["programs"][0]["runs"].as_u64().unwrap();
        assert!(runs >= 3 && run["samples"].as_u64() == Some(runs), "{method}: {run:#}");
        let name = u64::from_le_bytes(*b"true\0\0\0\0").to_string();
        let renames = elements(&run, "renames");
        assert!(renames.contains(&(Value::from(name), 3)), "{method}: {renames:?}");
    }
}

#[test]
fn programs_and_events_that_do_not_fit_are_told_apart() {
    let object = program("attach");
    let ran = skep_with_input(&["run", &object, "--prog", "on_rename", "--", "true"], "");
    if ran.status == 3 {
        skep_skip::skipped!("{}", ran.stderr);
        return;
    }
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let why = "program on_rename cannot be attached to the event: -EINVAL (-22)";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(ran.stderr.contains("takes perf_event programs"), "{}", ran.stderr);
    for args in [["--attach", "pmu", "--cookie", "1"], ["--attach", "ioctl", "--cookie", "1"]] {
        let ran = skep_with_input(&[&["run", &object], &args[..], &["--", "true"]].concat(), "");
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("a cookie needs a link"), "{}", ran.stderr);
    }
}
