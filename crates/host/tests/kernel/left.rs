//! Nothing is left behind, however a process that uses the crate ends.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use skep_abi::{MapType, ProgType};
use skep_host::{
    HostObject, Kind, Link, LoadOptions, PerfBuffer, PerfEvent, RingBuffer, Target, ids,
};

use crate::ask::{
    COUNTS, count, counter, cpu_clock, load, map, may_ask, own_object, profile, soon,
};

/// Times that a process is killed.
const CYCLES: usize = 200;
/// Tells a process that it is the one to be killed.
const HOLDER: &str = "SKEP_HOST_TEST_HOLDS";
const WHOLE: &str = "whole";
/// What has ids.
const KINDS: [Kind; 4] = [Kind::Programs, Kind::Maps, Kind::Links, Kind::Btf];

/// Holds one of everything, says the ids, and samples itself until it is killed.
fn hold() -> ! {
    let table = counter();
    let ring = map(MapType::Ringbuf, 0, 0, 4096);
    let output = map(MapType::PerfEventArray, 4, 4, skep_host::possible_cpus());
    let program = load(ProgType::PerfEvent, COUNTS, &[&table]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    let link = Link::perf_event(&program, &event, 7).unwrap();
    let reader = RingBuffer::new(&ring).unwrap();
    let buffer = PerfBuffer::new(&output, 1).unwrap();
    // Reading the kernel's types takes far longer than all else: some do it.
    let is_whole = std::env::var(HOLDER).is_ok_and(|what| what == WHOLE);
    let profile = is_whole.then(profile).flatten();
    let resolved = profile.map(|profile| own_object(&profile, "ips.bpf.o"));
    let whole = resolved.as_ref().map(|one| HostObject::load(one, &LoadOptions::default()));
    event.enable().unwrap();
    while count(&table) == 0 {}
    let mut said = String::new();
    let mut say = |kind, id: u32| said += &format!("{kind}:{id} ");
    say(0, program.info().unwrap().id);
    say(2, link.info().unwrap().id);
    for held in [&table, &ring, &output] {
        say(1, held.info().unwrap().id);
    }
    if let Some(whole) = &whole {
        for program in whole.programs().iter().flatten() {
            let info = program.info().unwrap();
            say(0, info.id);
            say(3, info.btf);
            info.maps.iter().for_each(|map| say(1, *map));
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "\nheld {said}").unwrap();
    out.flush().unwrap();
    let _held = (reader, buffer, whole);
    loop {
        std::thread::yield_now();
    }
}

/// Kind and id of each thing that a process says it holds.
fn held(line: &str) -> Vec<(usize, u32)> {
    line.split_whitespace()
        .skip(1)
        .map(|word| {
            let (kind, id) = word.split_once(':').unwrap();
            (kind.parse().unwrap(), id.parse().unwrap())
        })
        .collect()
}

#[test]
fn what_a_killed_process_held_goes() {
    if !may_ask() {
        return;
    }
    if std::env::var_os(HOLDER).is_some() {
        hold();
    }
    let mut gone = 0;
    let mut all = Vec::new();
    for cycle in 0..CYCLES {
        let mut holder = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "left::what_a_killed_process_held_goes", "--nocapture"])
            .env(HOLDER, if cycle % 40 == 0 { WHOLE } else { "parts" })
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|line| line.starts_with("held "));
        let line = line.expect("the holder says what it holds");
        let before: Vec<BTreeSet<u32>> = KINDS.iter().map(|kind| now(*kind)).collect();
        for (kind, id) in held(&line) {
            assert!(before[kind].contains(&id), "{:?} {id} is held", KINDS[kind]);
            all.push((kind, id));
        }
        // SIGKILL: nothing of ours runs afterwards.
        holder.kill().unwrap();
        holder.wait().unwrap();
        gone += 1;
    }
    assert_eq!(gone, CYCLES);
    assert!(all.len() > CYCLES * 5, "{}", all.len());
    // The kernel frees after a grace period. Others may load meanwhile, and ids are not used again so soon.
    let still = || -> Vec<(Kind, u32)> {
        let now: Vec<BTreeSet<u32>> = KINDS.iter().map(|kind| now(*kind)).collect();
        let still = all.iter().filter(|(kind, id)| now[*kind].contains(id));
        still.map(|(kind, id)| (KINDS[*kind], *id)).collect()
    };
    assert!(soon(|| still().is_empty()), "left behind: {:?}", still());
}

fn now(kind: Kind) -> BTreeSet<u32> {
    ids(kind).unwrap().into_iter().collect()
}
