//! `cargo xtask selftests --time RUNS`: how long skep and the running kernel take for the same programs.
//!
//! Each program is judged by both in turn, as often as asked, and the shortest time of each side counts: whatever else
//! the machine does then slows neither. The kernel's time is the one that it states itself at log level 4; skep's is
//! that of the whole call. Everything runs in one thread of one process, apart from the measurement of memory, which
//! starts a process of its own for each object.

use std::cmp::Reverse;
use std::time::Duration;

use skep_host::{HostObject, LogBuffer, LogLevel};
use skep_object::{KernelProfile, Resolved};

use super::judge;
use super::object::{Entry, entries, read};
use super::row::{Answer, Outcome, Row};
use super::sources::Folders;
use super::worker::{Side, Worker, profile, untyped};
use super::{Object, SKEP_LIMIT, request, table};

/// Programs that are named: those that take longest, and those at which skep is slowest beside the kernel.
const NAMED: usize = 12;
/// Below this many microseconds of either side, the ratio of a single program says little.
const SHORT: u64 = 200;

/// Times every program of the objects.
///
/// # Errors
/// When a process or file cannot be made, and for a build that was not optimised.
pub(super) fn run(
    folders: &Folders,
    objects: &[Object],
    runs: u32,
    prog_type: Option<&str>,
) -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err("only a release build is timed: cargo run --release -p xtask".to_owned());
    }
    let profile = profile(None)?;
    let mut rows = Vec::new();
    for object in objects {
        let Ok(resolved) = read(&object.path, &profile) else { continue };
        let timed = time_object(&profile, object, &resolved, runs);
        let is_wanted = |row: &Row| prog_type.is_none_or(|wanted| wanted == row.case.prog_type);
        rows.extend(timed.into_iter().filter(is_wanted));
    }
    print!("{}", table::text(&table::count(&rows)));
    rows.retain(|row| row.kernel.is_decided());
    report(&mut rows);
    let path = folders.reports.join("time.tsv");
    table::write_tsv(&path, rows.iter())?;
    println!("every program: {}", path.display());
    memory(objects, &rows)
}

fn time_object(
    profile: &KernelProfile,
    object: &Object,
    resolved: &Resolved,
    runs: u32,
) -> Vec<Row> {
    let host = HostObject::create(resolved);
    let mut for_skep = resolved.clone();
    for map in untyped(&host, resolved) {
        (for_skep.maps[map].key_type, for_skep.maps[map].value_type) = (None, None);
    }
    let entries = entries(&object.name, resolved);
    let time = |entry: &Entry| {
        let mut kernel = judge::kernel(resolved, &host, entry);
        let mut skep = judge::skep(profile, &for_skep, entry);
        for _ in 1..if kernel.is_decided() { runs } else { 1 } {
            kernel.time = kernel.time.min(time_kernel(resolved, &host, entry));
            skep.time = skep.time.min(judge::skep(profile, &for_skep, entry).time);
        }
        Row { case: entry.case.clone(), kernel, skep }
    };
    entries.iter().map(time).collect()
}

/// What the kernel says that it took, in microseconds.
fn time_kernel(resolved: &Resolved, host: &HostObject<'_>, entry: &Entry) -> u64 {
    let program = host.program_as(&resolved.programs[entry.program], entry.as_type);
    let mut log = LogBuffer::tail(1 << 12);
    let verdict = program.ok().map(|program| program.judge_once(LogLevel::STATS, &mut log));
    let time = verdict.and_then(|verdict| verdict.stats).map(|stats| stats.time);
    time.filter(|&time| time > Duration::ZERO).map_or(u64::MAX, |time| time.as_micros() as u64)
}

/// Prints totals and the programs that stand out; sorts by skep's time.
fn report(rows: &mut [Row]) {
    rows.sort_by_key(|row| Reverse(row.skep.time));
    let sum = |side: fn(&Row) -> &Answer| rows.iter().map(|row| side(row).time).sum::<u64>();
    let (kernel, skep) = (sum(|row| &row.kernel), sum(|row| &row.skep));
    println!(
        "{} programs, borrowed types too: kernel {:.1} ms, skep {:.1} ms, skep/kernel {:.2}",
        rows.len(),
        kernel as f64 / 1000.0,
        skep as f64 / 1000.0,
        ratio(skep, kernel),
    );
    let slower = rows.iter().filter(|row| row.skep.time > row.kernel.time);
    let lost: u64 = slower.clone().map(|row| row.skep.time - row.kernel.time).sum();
    println!(
        "skep takes longer for {} of them, by {:.1} ms in all",
        slower.count(),
        lost as f64 / 1000.0
    );
    println!("longest:");
    rows.iter().take(NAMED).for_each(print);
    let mut worst: Vec<&Row> =
        rows.iter().filter(|row| row.skep.time.max(row.kernel.time) >= SHORT).collect();
    worst.sort_by(|a, b| {
        let slowness = |row: &Row| ratio(row.skep.time, row.kernel.time);
        slowness(b).total_cmp(&slowness(a))
    });
    println!("slowest beside the kernel, of those that take {SHORT} us:");
    worst.into_iter().take(NAMED).for_each(print);
}

fn print(row: &Row) {
    println!(
        "  {:8} insns, kernel {:8} us, skep {:8} us, {:5.2}  {} {} ({})",
        row.kernel.insns,
        row.kernel.time,
        row.skep.time,
        ratio(row.skep.time, row.kernel.time),
        row.case.object,
        row.case.program,
        row.case.prog_type,
    );
}

fn ratio(skep: u64, kernel: u64) -> f64 {
    skep as f64 / kernel.max(1) as f64
}

/// Prints the peak memory of a process that does nothing but judge the largest accepted program's object; and the
/// highest peak among the objects whose programs take longest.
fn memory(objects: &[Object], rows: &[Row]) -> Result<(), String> {
    let accepted = rows.iter().filter(|row| row.skep.outcome == Outcome::Accepted);
    let Some(largest) = accepted.max_by_key(|row| row.skep.insns) else { return Ok(()) };
    let name = &largest.case.object;
    println!(
        "peak memory at the largest accepted program ({name} {}, {} insns): {:.1} MB",
        largest.case.program,
        largest.skep.insns,
        peak(objects, name)?,
    );
    let mut names: Vec<&str> =
        rows.iter().take(NAMED).map(|row| row.case.object.as_str()).collect();
    names.dedup();
    let peaks = names.into_iter().map(|name| Ok((peak(objects, name)?, name)));
    let peaks = peaks.collect::<Result<Vec<_>, String>>()?;
    if let Some((most, name)) = peaks.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)) {
        println!("highest peak memory among the objects that take longest: {most:.1} MB ({name})");
    }
    Ok(())
}

/// Most memory, in MB, of a process that judges an object's programs with skep.
fn peak(objects: &[Object], name: &str) -> Result<f64, String> {
    let Some(object) = objects.iter().find(|object| object.name == name) else { return Ok(0.0) };
    let mut worker = Worker::start()?;
    worker.judge(&request(object, Side::Skep, Vec::new()), SKEP_LIMIT)?;
    let kibibytes = worker.peak_memory().ok_or("a worker's memory cannot be read")?;
    Ok(kibibytes as f64 * 1024.0 / 1e6)
}
