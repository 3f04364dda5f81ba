//! Recordings that perf itself makes here: what skep shows of them is what `perf script` prints.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use skep_perfdata::perf_record;

use crate::elf::Files;
use crate::skep::{program, skep_with_input};

/// Some work, some waiting, on any CPU.
const WORK: &str = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sleep 0.1; \
                    i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done & sleep 0.05; wait";

/// The path of what perf records of the work; `None` where it does not.
fn record(files: &Files, arguments: &[&str]) -> Option<String> {
    let path = files.path("perf.data");
    let arguments = [arguments, &["--", "sh", "-c", WORK]].concat();
    perf_record(&path, &arguments).then(|| path.to_str().unwrap().to_owned())
}

/// One line of `perf script`: thread, CPU, and the words after the time.
struct Line {
    tid: u32,
    cpu: usize,
    words: Vec<String>,
}

/// The lines about samples and switches, in perf's order.
fn script(path: &str, fields: &str) -> Vec<Line> {
    let mut perf = Command::new("perf");
    perf.args(["script", "--ns", "-G", "--show-switch-events", "-F", fields, "-i", path]);
    let text = String::from_utf8(perf.output().unwrap().stdout).unwrap();
    let lines = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| word.starts_with('[') && word.ends_with(']'))?;
        let tid = thread(words[at.checked_sub(1)?]);
        let cpu = words[at].trim_matches(['[', ']']).parse().ok()?;
        Some(Line {
            tid,
            cpu,
            words: words[at + 2..].iter().map(|word| (*word).to_owned()).collect(),
        })
    });
    lines.collect()
}

/// Who runs on each CPU at each sample, by perf's lines: samples of CPUs 0 and 1 while the other was idle, and busy.
fn split(lines: &[Line]) -> (u64, u64) {
    let mut runs: BTreeMap<usize, u32> = BTreeMap::new();
    // Who ran before the first switch; where there is none, who is sampled first, else nobody.
    for line in lines.iter().rev() {
        if line.words[0] == "PERF_RECORD_SWITCH_CPU_WIDE" {
            let is_out = line.words[1] == "OUT";
            runs.insert(line.cpu, if is_out { line.tid } else { other(line) });
        }
    }
    for line in lines {
        if line.words[0] != "PERF_RECORD_SWITCH_CPU_WIDE" {
            runs.entry(line.cpu).or_insert(line.tid);
        }
    }
    let (mut idle, mut busy) = (0, 0);
    for line in lines {
        if line.words[0] == "PERF_RECORD_SWITCH_CPU_WIDE" {
            let is_out = line.words[1] == "OUT";
            runs.insert(line.cpu, if is_out { other(line) } else { line.tid });
            continue;
        }
        runs.insert(line.cpu, line.tid);
        match runs.get(&(1 - line.cpu)).copied().unwrap_or(0) {
            0 => idle += 1,
            _ => busy += 1,
        }
    }
    (idle, busy)
}

/// The other thread of a switch: the last word is `pid/tid`.
fn other(line: &Line) -> u32 {
    thread(line.words.join(" ").rsplit(['/', ' ']).next().unwrap())
}

/// A thread's number; that of one that has ended is -1.
fn thread(word: &str) -> u32 {
    word.parse::<i64>().unwrap() as u32
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn recorded_switches_of_this_host_split_as_perfs_own_lines_do() {
    let files = Files::new();
    let wide = ["-a", "-C", "0-1", "-e", "cpu-clock", "-F", "997", "--switch-events"];
    let Some(path) = record(&files, &wide) else { return };
    let lines = script(&path, "tid,cpu,time,event");
    let (idle, busy) = split(&lines);
    assert!(idle + busy > 50, "{idle} and {busy}");
    let out = files.path("out");
    let args = ["profile", "--smt", "--json", "--data", &path, "-o", out.to_str().unwrap()];
    // Whatever this host is: its first two CPUs are one core.
    let args = [&args[..], &["--topology", "1 core x 2 threads"]].concat();
    let found = skep_with_input(&args, "").succeeds().json();
    let node = &found["smt"]["nodes"][0];
    assert_eq!((number(&node["idle"]), number(&node["busy"])), (idle, busy), "{found:#}");
    assert_eq!(number(&found["samples"]), idle + busy);
}

#[test]
fn every_address_is_counted_as_perf_prints_it() {
    let files = Files::new();
    let Some(path) = record(&files, &["-e", "cpu-clock", "-F", "1999", "-g", "--sample-cpu"])
    else {
        return;
    };
    let mut theirs: BTreeMap<u64, u64> = BTreeMap::new();
    // With -g perf prints each address on a line of its own; without callchains, with the sample.
    let mut perf = Command::new("perf");
    perf.args(["script", "-G", "-F", "ip,event", "-i", &path]);
    let text = String::from_utf8(perf.output().unwrap().stdout).unwrap();
    for line in text.lines() {
        let ip = line.split_whitespace().last().unwrap();
        *theirs.entry(u64::from_str_radix(ip, 16).unwrap()).or_default() += 1;
    }
    let args = ["replay", &program("ips"), "--data", &path, "--json", "--dump", "ip_map"];
    let found = skep_with_input(&args, "").succeeds().json();
    let ours: BTreeMap<u64, u64> = found["maps"]["ip_map"]
        .as_array()
        .unwrap()
        .iter()
        .map(|element| {
            (element["key"].as_str().unwrap().parse().unwrap(), number(&element["value"]))
        })
        .collect();
    assert!(ours.len() > 10, "{ours:?}");
    assert_eq!(ours, theirs);
}

#[test]
fn code_is_read_though_the_process_is_gone() {
    let files = Files::new();
    let Some(path) = record(&files, &["-e", "cpu-clock:u", "-F", "1999"]) else { return };
    let args = ["replay", &program("code"), "--data", &path, "--json"];
    let found = skep_with_input(&args, "").succeeds().json();
    // Numbers of 64 bits are strings.
    let wide = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let counted: u64 =
        found["maps"]["code"].as_array().unwrap().iter().map(|row| wide(&row["value"])).sum();
    let samples = number(&found["samples"]);
    let missing = wide(&found["maps"]["code.bss"][0]["value"]["missing"]);
    assert_eq!(counted + missing, samples, "{found:#}");
    // The vDSO is in no file.
    assert!(samples > 50 && missing * 20 < samples, "{missing} of {samples} are missing");
}

#[test]
fn functions_of_a_recording_have_their_names() {
    let files = Files::new();
    let deep = ["-e", "cpu-clock", "-F", "1999", "--call-graph", "dwarf,16384"];
    let Some(path) = record(&files, &deep) else { return };
    let out = files.path("out");
    let args = ["profile", "--json", "--data", &path, "-o", out.to_str().unwrap()];
    let found = skep_with_input(&args, "").succeeds().json();
    let functions = found["functions"].as_array().unwrap();
    let of = |object: &str| {
        let rows = functions.iter().filter(|row| row["object"].as_str().unwrap().contains(object));
        rows.map(|row| number(&row["total"])).max().unwrap_or(0)
    };
    // Debian's sh has no symbols, its libc has; each stack begins in both.
    let main = functions.iter().find(|row| row["name"] == "__libc_start_main_impl");
    let total = main.map_or(0, |row| number(&row["total"]));
    let samples = number(&found["samples"]);
    assert!(samples > 50 && of("sh") * 10 > samples * 8, "{found:#}");
    if main.is_none() {
        return skep_skip::skipped!("this libc has no symbol of that name");
    }
    assert!(total * 10 > samples * 8, "{total} of {samples}");
}
