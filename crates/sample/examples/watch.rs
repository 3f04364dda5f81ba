//! Samples a target and prints what came: `watch [-F HZ] [-e EVENT] [-d SECONDS] [-u fp|dwarf|auto] [-s SOURCE]
//! (-a | -p PID | -g CGROUP | -- CMD…)`.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use skep_abi::{Cpu, Pid};
use skep_sample::event_name::EventSpec;
use skep_sample::unwind::UnwindMode;
use skep_sample::{OpenError, Options, Rate, RecordKind, Session, SourceChoice, Target};

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let mut session = Session::open(&options).map_err(describe)?;
    for notice in session.notices() {
        eprintln!("note: {notice}");
    }
    session.start().map_err(describe)?;
    let mut kinds = BTreeMap::<&str, u64>::new();
    let mut threads = BTreeMap::<String, u64>::new();
    let mut places = BTreeMap::<String, u64>::new();
    let mut depth = 0;
    loop {
        let batch = session.poll(Duration::from_millis(100))?;
        for record in &batch.records {
            *kinds.entry(name(&record.kind)).or_default() += 1;
            if let RecordKind::Sample(sample) = &record.kind {
                *threads
                    .entry(format!("{}/{} on CPU {}", sample.pid, sample.tid, sample.cpu))
                    .or_default() += 1;
                depth += sample.user_stack.len();
                let space = session.spaces().at(sample.pid, sample.time);
                let place =
                    space.and_then(|space| space.mapping_at(sample.ip)).and_then(|mapping| {
                        let offset = mapping.file_offset_of(sample.ip)?;
                        Some(format!("{}+{:#x}", mapping.path.display(), offset & !0x1f))
                    });
                *places.entry(place.unwrap_or_else(|| "kernel".into())).or_default() += 1;
            }
        }
        if let Some(end) = batch.end {
            eprintln!("{end:?} {:?} {:?}", session.target_status(), session.totals());
            break;
        }
    }
    eprintln!("{} {}: {kinds:?}", session.source().name(), session.event());
    eprintln!("{threads:?}");
    eprintln!("user frames {depth}");
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (place, count) in places.iter().take(8) {
        eprintln!("{count:>8} {place}");
    }
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    eprintln!("own CPU time {}.{:06} s", used.tv_sec, used.tv_nsec / 1_000);
    let status = std::fs::read_to_string("/proc/self/status")?;
    eprintln!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}

fn describe(error: OpenError) -> String {
    let hint = error.hint().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
    format!("{error}{hint}")
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options::new(Target::All);
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        let flag = word.to_string_lossy().into_owned();
        if flag == "--" {
            options.target = Target::Command(words.by_ref().collect());
            break;
        }
        if flag == "-a" {
            continue;
        }
        let value = words.next().ok_or("a value is missing")?.to_string_lossy().into_owned();
        match flag.as_str() {
            "-F" => options.rate = Rate::Frequency(value.parse()?),
            "-c" => options.rate = Rate::Period(value.parse()?),
            "-e" => options.event = Some(EventSpec::parse(&value)?),
            "-d" => options.duration = Some(Duration::from_secs_f64(value.parse()?)),
            "-C" => {
                let cpus = skep_topology::parse_list(&value, skep_topology::MAX_CPUS)?;
                options.cpus = Some(cpus.into_iter().map(Cpu).collect());
            }
            "-p" => {
                let pids: Result<_, _> = value.split(',').map(|pid| pid.parse().map(Pid)).collect();
                options.target = Target::Pids(pids?);
            }
            "-g" => options.target = Target::Cgroup(value.into()),
            "-u" => {
                options.unwind = match value.as_str() {
                    "dwarf" => UnwindMode::Dwarf,
                    "auto" => UnwindMode::Auto,
                    _ => UnwindMode::Fp,
                }
            }
            "-s" => {
                options.source = match value.as_str() {
                    "perf" => SourceChoice::Perf,
                    "ptrace" => SourceChoice::Ptrace,
                    _ => SourceChoice::Auto,
                }
            }
            _ => return Err(format!("unknown option {flag}").into()),
        }
    }
    Ok(options)
}

fn name(kind: &RecordKind) -> &'static str {
    match kind {
        RecordKind::Sample(_) => "sample",
        RecordKind::Task(_) => "task",
        RecordKind::Fork(_) => "fork",
        RecordKind::Exit(_) => "exit",
        RecordKind::Comm { .. } => "comm",
        RecordKind::Mmap { .. } => "mmap",
        RecordKind::Lost { .. } => "lost",
        RecordKind::Throttle => "throttle",
        RecordKind::Unthrottle => "unthrottle",
        RecordKind::Switch { .. } => "switch",
        RecordKind::Occupancy(_) => "occupancy",
        RecordKind::Cgroup { .. } => "cgroup",
    }
}
