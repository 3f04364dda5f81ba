//! `skep profile --data`, `skep replay` and `--topology perf.data`, over recordings of which every byte is known.

use serde_json::{Value, json};
use skep_perfdata::{
    CPU_CLOCK, DUMMY, Event, Recorded, SCHED_SWITCH, comm, cpus, numa, present, raw, release,
    sample, sched_switch, switch, text,
};

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{Ran, program, skep_with_input};

const MS: u64 = 1_000_000;

/// Two nodes of two cores with two threads each; CPU n below 4 has CPU n + 4 for its sibling.
const CORES: [&str; 4] = ["0,4", "1,5", "2,6", "3,7"];

/// A recording of that machine: a clock with ids 10 to 17, an event that tells of switches with ids 20 to 27, and a
/// process `bee`.
fn machine(tells: &Event) -> Recorded {
    let mut made = Recorded::new();
    let ids = |first: u64| (first..first + 8).collect::<Vec<_>>();
    made.event(CPU_CLOCK.ids(&ids(10))).event(tells.ids(&ids(20)));
    for feature in cpus(8, &["0-1,4-5", "2-3,6-7"], &CORES) {
        made.feature(feature);
    }
    made.feature(numa(&[(0, 1 << 20, "0-1,4-5"), (1, 1 << 20, "2-3,6-7")]));
    made.record(&present(42, 1)).record(&comm(42, "bee"));
    made
}

/// One switch of a CPU at a millisecond, as either event records it.
fn switches(made: &mut Recorded, is_traced: bool, at: u64, cpu: u32, from: u32, to: u32) {
    let (id, time) = (20 + u64::from(cpu), at * MS);
    if is_traced {
        made.record(&sched_switch(id, time, from, to).cpu(cpu));
    } else {
        made.record(&switch(id, time, true, from, to).cpu(cpu));
        made.record(&switch(id, time + 1, false, to, from).cpu(cpu));
    }
}

/// Samples of `bee`, each 10 ms for 100 ms, on CPU 0 (node 0) and CPU 2 (node 1).
///
/// The sibling of CPU 0 is busy from the beginning until 35 ms and from 65 ms on; that of CPU 2 from 15 ms on.
/// The other cores are idle throughout, but for CPU 3 from 55 ms on.
fn workload(is_traced: bool) -> Recorded {
    workload_with(is_traced, None)
}

/// The same, with a record before the second round's switches.
fn workload_with(is_traced: bool, record: Option<Vec<u8>>) -> Recorded {
    let tells = if is_traced { SCHED_SWITCH } else { DUMMY };
    let mut made = machine(&tells);
    // In rounds, and by CPU within them, as perf drains its rings.
    for round in 0..2 {
        let is_due = |at: &u64| *at / 50 == round;
        for (cpu, ip) in [(0u32, 0x40_1000), (2, 0x40_2000)] {
            for at in (0..10).map(|step| step * 10).filter(is_due) {
                let time = (1000 + at) * MS;
                made.record(&sample(10 + u64::from(cpu), time).cpu(cpu).task(42).ip(ip));
            }
        }
        if let Some(record) = record.as_ref().filter(|_| round == 1) {
            made.bytes(record.clone());
        }
        for (at, cpu, from, to) in [(15, 6, 0, 70), (35, 4, 71, 0), (55, 3, 0, 72), (65, 4, 0, 71)]
        {
            if is_due(&at) {
                switches(&mut made, is_traced, 1000 + at, cpu, from, to);
            }
        }
        made.round();
    }
    made
}

fn profile(files: &Files, recording: &[u8], args: &[&str]) -> Ran {
    let data = files.file("perf.data", recording);
    let folder = files.path("out");
    let fixed = ["profile", "--json", "--data", &data, "-o", folder.to_str().unwrap()];
    skep_with_input(&[&fixed[..], args].concat(), "")
}

fn document(ran: Ran) -> Value {
    let ran = ran.succeeds();
    holds("profile", &ran);
    ran.json()
}

#[test]
fn a_recording_of_another_machine_gives_the_exact_split() {
    for is_traced in [false, true] {
        let files = Files::new();
        let found = document(profile(&files, &workload(is_traced).file(), &["--smt"]));
        assert_eq!((&found["source"], &found["event"]), (&json!("recording"), &json!("cpu-clock")));
        assert_eq!((&found["samples"], &found["frequency"]), (&json!(20), &json!(99)));
        assert_eq!(found["duration"], json!(0.09));
        let smt = &found["smt"];
        assert_eq!((&smt["active"], &smt["idle_source"]), (&json!(true), &json!("recording")));
        // Node 0: busy at 0 to 30 and 70 to 90 ms, with core 1 free all the time; node 1: idle at 0 and 10 ms, and busy
        // after, with core 3 free up to 50 ms.
        let nodes = json!([
            { "node": 0, "none": 0, "idle": 3, "busy": 7, "unknown": 0, "busy_core_free": 7 },
            { "node": 1, "none": 0, "idle": 2, "busy": 8, "unknown": 0, "busy_core_free": 4 },
        ]);
        assert_eq!(smt["nodes"], nodes, "{is_traced}: {found:#}");
        let folded = std::fs::read_to_string(files.path("out/stacks.folded")).unwrap();
        let mut lines: Vec<&str> = folded.lines().collect();
        lines.sort_unstable();
        let expected = [
            "node 0, sibling busy;bee;[unknown] 7",
            "node 0, sibling idle;bee;[unknown] 3",
            "node 1, sibling busy;bee;[unknown] 8",
            "node 1, sibling idle;bee;[unknown] 2",
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
fn cpus_of_which_nothing_is_recorded_are_not_guessed() {
    // Only CPUs 0 to 3 were recorded, as with `-C 0-3`: of their siblings nobody tells.
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[10, 11, 12, 13])).event(DUMMY.ids(&[20, 21, 22, 23]));
    for feature in cpus(8, &["0-7"], &CORES) {
        made.feature(feature);
    }
    made.record(&sample(10, 10 * MS).cpu(0).task(42).ip(0x40_1000));
    for cpu in 0..4 {
        switches(&mut made, false, 20, cpu, 0, 70);
    }
    made.record(&sample(10, 30 * MS).cpu(0).task(42).ip(0x40_1000));
    let found = document(profile(&Files::new(), &made.file(), &["--smt"]));
    assert_eq!(found["smt"]["nodes"][0]["unknown"], 2, "{found:#}");
    let notices = found["notices"].to_string();
    assert!(notices.contains("whether the CPUs 4-7 were idle is not known"), "{notices}");

    // Nor where no switch is recorded at all; a script may tell instead.
    let mut none = machine(&DUMMY.sample_type(1 << 16 | 7 | 1 << 7 | 1 << 8 | 1 << 5));
    none.record(&sample(10, 10 * MS).cpu(0).task(42).ip(0x40_1000));
    none.record(&sample(10, 30 * MS).cpu(0).task(42).ip(0x40_1000));
    let files = Files::new();
    let found = document(profile(&files, &none.file(), &["--smt"]));
    assert_eq!(
        (&found["smt"]["nodes"][0]["unknown"], &found["smt"]["idle_source"]),
        (&json!(2), &json!(null))
    );
    assert!(
        found["notices"].to_string().contains("the recording has no context switches of all tasks")
    );
    let script = files.file("idle.txt", b"0s cpu 4 busy\n10ms cpu 4 idle\n");
    let found = document(profile(&files, &none.file(), &["--smt", "--idle-script", &script]));
    let node = &found["smt"]["nodes"][0];
    assert_eq!(
        (&node["busy"], &node["idle"]),
        (&json!(1), &json!(1)),
        "its time begins with the recording"
    );
}

#[test]
fn what_a_cpu_did_while_its_records_were_lost_is_not_guessed() {
    // Of CPU 4, idle since 35 ms, records were lost before 64 ms: id, count, and the trailer of task, time, CPU, id.
    let words = [24, 9, 0, 1064 * MS, 4, 24];
    let made = workload_with(false, Some(raw(2, &words.map(u64::to_le_bytes).concat())));
    let found = document(profile(&Files::new(), &made.file(), &["--smt"]));
    let node = json!({
        "node": 0, "none": 0, "idle": 0, "busy": 7, "unknown": 3, "busy_core_free": 7,
    });
    assert_eq!(found["smt"]["nodes"][0], node, "{found:#}");
    assert_eq!(found["lost"], 9);
    let notices = found["notices"].to_string();
    assert!(notices.contains("records are missing at 1 places of the recording"), "{notices}");
}

#[test]
fn a_declared_machine_takes_the_place_of_the_recorded_one() {
    let args = ["--smt", "--topology", "1 node x 8 cores x 2 threads"];
    let found = document(profile(&Files::new(), &workload(false).file(), &args));
    // CPU 0 has CPU 8 for its sibling there, which nothing ever runs on.
    assert_eq!(found["smt"]["nodes"][0]["idle"], 20, "{found:#}");
    let notices = found["notices"].to_string();
    assert!(notices.contains("a sample of the recording's CPU n runs on its CPU n"), "{notices}");
    assert!(
        notices.contains("the CPUs 8-15 of the declared machine are none of the recording's"),
        "{notices}"
    );
}

#[test]
fn cpus_and_time_choose_what_is_replayed() {
    let (files, file) = (Files::new(), workload(false).file());
    let found = document(profile(&files, &file, &["-C", "2"]));
    assert_eq!(found["samples"], 10);
    let found = document(profile(&files, &file, &["--duration", "45ms"]));
    assert_eq!((&found["samples"], &found["duration"]), (&json!(10), &json!(0.045)));
    let found = document(profile(&files, &file, &["--smt", "-C", "0,4"]));
    assert_eq!(
        (&found["samples"], found["smt"]["nodes"].as_array().unwrap().len()),
        (&json!(10), 1)
    );
}

#[test]
fn more_stacks_than_the_program_has_room_for_are_all_counted() {
    const STACKS: u64 = 70_000;
    let mut made = machine(&DUMMY);
    for at in 0..STACKS {
        // Two levels, so that neither the whole stacks nor their first frames are few.
        let stack = [0x40_0000 + at, 0x80_0000 + at % 7];
        made.record(&sample(10, 1000 + at).cpu(0).task(42).stack(&stack));
        if at % 5000 == 4999 {
            made.round();
        }
    }
    let files = Files::new();
    let found = document(profile(&files, &made.file(), &[]));
    assert_eq!(found["samples"], STACKS);
    let folded = std::fs::read_to_string(files.path("out/stacks.folded")).unwrap();
    let counted: u64 =
        folded.lines().map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, STACKS);
    let functions = found["functions"].as_array().unwrap();
    assert_eq!(functions.len() as u64, STACKS + 7);
    assert!(!found["notices"].to_string().contains("missing"), "{}", found["notices"]);
}

#[test]
fn what_is_damaged_is_told_and_the_rest_is_shown() {
    let whole = workload(false);
    let plain = whole.unfinished();
    let found = document(profile(&Files::new(), &plain[..plain.len() - 5], &[]));
    assert_eq!(found["samples"], 20);
    let notices = found["notices"].to_string();
    assert!(notices.contains("perf was ended before it had written all"), "{notices}");
    assert!(notices.contains("the file ends within a record"), "{notices}");
}

#[test]
fn an_object_runs_over_a_recording() {
    let files = Files::new();
    let data = files.file("perf.data", &workload(false).file());
    let args = ["replay", &program("ips"), "--data", &data, "--json", "--dump", "ip_map"];
    let ran = skep_with_input(&args, "").succeeds();
    holds("run", &ran);
    let found = ran.json();
    assert_eq!((&found["source"], &found["samples"]), (&json!("recording"), &json!(20)));
    let mut elements: Vec<(String, u64)> = found["maps"]["ip_map"]
        .as_array()
        .unwrap()
        .iter()
        .map(|element| (element["key"].to_string(), element["value"].as_u64().unwrap()))
        .collect();
    elements.sort();
    let key = |ip: u64| json!(ip.to_string()).to_string();
    assert_eq!(elements, [(key(0x40_1000), 10), (key(0x40_2000), 10)]);
    // Of another kernel, unless one is named.
    let mut elsewhere = workload(false);
    elsewhere.feature(release("1.2.3-elsewhere"));
    let elsewhere = files.file("elsewhere.data", &elsewhere.file());
    let told = |more: &[&str]| {
        let object = program("ips");
        let args = [&["replay", &object, "--data", &elsewhere][..], more].concat();
        skep_with_input(&args, "").succeeds().stderr
    };
    assert!(told(&[]).contains("recorded on Linux 1.2.3-elsewhere; programs are fitted to Linux"));
    assert!(!told(&["--kernel", "6.12"]).contains("recorded on"));
    // The same by its other name.
    let again = skep_with_input(&[&["run"], &args[1..]].concat(), "").succeeds().json();
    assert_eq!((&again["maps"], &again["command"]), (&found["maps"], &found["command"]));
}

#[test]
fn a_recordings_machine_can_be_looked_at_and_judged_on() {
    let files = Files::new();
    let data = files.file("perf.data", &workload(false).file());
    let ran = skep_with_input(&["machine", "show", "--topology", &data, "--json"], "").succeeds();
    holds("machine", &ran);
    let found = ran.json();
    assert_eq!(
        (&found["source"], &found["smt_active"]),
        (&json!("recording"), &json!(true)),
        "{found:#}"
    );
    let checked = skep_with_input(&["check", &program("ips"), "--topology", &data], "");
    assert_eq!(checked.status, 0, "{}", checked.stderr);
}

#[test]
fn what_cannot_be_replayed_is_refused_in_words() {
    let files = Files::new();
    let good = files.file("good.data", &workload(false).file());
    let text_file = files.file("text.data", b"#!/bin/sh\n");
    let mut foreign = workload(false);
    foreign.feature((6, text("aarch64")));
    let foreign = files.file("foreign.data", &foreign.file());
    let folder = files.path("folder");
    std::fs::create_dir(&folder).unwrap();
    for (args, status, part) in [
        (
            vec!["--data", "/nowhere/perf.data"],
            2,
            "`/nowhere/perf.data` cannot be read as a recording",
        ),
        (vec!["--data", &text_file], 2, "it is no perf.data: it begins with \"#!/bin/s\""),
        (vec!["--data", &text_file], 2, "`perf record -o FILE` writes one"),
        (vec!["--data", &foreign], 4, "it was recorded on aarch64; x86_64 alone is supported"),
        (vec!["--data", folder.to_str().unwrap()], 4, "`perf record --threads`"),
        (
            vec!["--data", &good, "-e", "cycles"],
            2,
            "it has no event `cycles`; it has cpu-clock, dummy:HG",
        ),
        (vec!["--data", &good, "-F", "99"], 2, "cannot be used with"),
        (vec!["--data", &good, "--source", "perf"], 2, "cannot be used with"),
        (vec!["--data", &good, "-a"], 2, "cannot be used with"),
        (vec!["--data", &good, "--engine", "host"], 2, "`--data` does not go with `--engine host`"),
        (
            vec!["--data", &good, "--topology", "1 cpu", "--smt", "-C", "5"],
            2,
            "the machine has no CPU 5",
        ),
    ] {
        let fixed = ["profile", "-o", files.path("out").to_str().unwrap()].map(str::to_owned);
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        let ran = skep_with_input(&[&fixed[..], &args].concat(), "");
        assert_eq!(ran.status, status, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
    }
}
