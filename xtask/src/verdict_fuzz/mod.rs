//! `cargo xtask verdict-fuzz`: generated programs, judged by skep and by the running kernel.
//!
//! Program `n` of seed `s` is always the same. Differences are told apart by what both sides say, shrunk, and written
//! to `target/verdict-fuzz`.

mod difference;
mod emit;
mod generate;
mod interpreter;
mod kernel;
mod rng;
mod save;
mod shrink;
mod skep_side;
mod stats;
mod world;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use difference::{Found, Kind, difference};
use generate::{Generated, generate};
use interpreter::{Ran, Runner};
use kernel::skeleton;
use rustix::time::{ClockId, clock_gettime};
use skep_host::Verdict;
use skep_side::Said;
use stats::Stats;
use world::World;

use crate::top;

/// How long a program may take, for both judges together: processor time, so that a busy machine loses no run.
const LIMIT: Duration = Duration::from_secs(60);

/// How long all differences together are made smaller.
const SHRINK_LIMIT: Duration = Duration::from_secs(30);
/// Programs that take longer to judge stay as they are.
const SLOW: Duration = Duration::from_millis(20);

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
struct Options {
    seconds: u64,
    seed: u64,
    jobs: usize,
    /// Only this program, with its listing.
    number: Option<u64>,
}

/// Generates, judges, compares.
///
/// # Errors
/// When the world cannot be made, and when a verdict differs or a judge is lost.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let options = options(args)?;
    if let Some(why) = crate::selftests::cannot_ask() {
        println!("skipped: {why}");
        return Ok(());
    }
    let world = World::new()?;
    if let Some(number) = options.number {
        return show(&world, options.seed, number);
    }
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let mut stats = fuzz(&world, options)?;
    let seconds = start.elapsed().as_secs_f64();
    let folder = top().join("target/verdict-fuzz");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    shrink_all(&world, &mut stats);
    clear(&folder)?;
    for (kind, found) in &stats.differences.0 {
        save::save(&folder, &world, kind, found)?;
    }
    print!("{}", stats.text(seconds));
    println!("differences are written to {}", folder.display());
    match stats.differences.0.len() {
        0 => Ok(()),
        kinds => Err(format!("{kinds} kinds of difference")),
    }
}

/// Removes what an earlier run found.
fn clear(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.extension().is_some_and(|ending| ending == "s") {
            fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    Ok(())
}

fn options(args: &[String]) -> Result<Options, String> {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { seconds: 60, seed: 1, jobs, number: None };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.ok_or_else(|| format!("{arg} needs a number"))?;
        match arg.as_str() {
            "--seconds" => options.seconds = value,
            "--seed" => options.seed = value,
            "--jobs" => options.jobs = usize::try_from(value).unwrap_or(1).max(1),
            "--number" => options.number = Some(value),
            other => return Err(format!("`verdict-fuzz` does not know {other}")),
        }
    }
    Ok(options)
}

/// One program, and what both say about it.
fn show(world: &World, seed: u64, number: u64) -> Result<(), String> {
    let program = generate(world, seed, number);
    print!("{}", save::listing(&program));
    println!("type {}, functions {:?}", program.target.name, program.funcs);
    let verdict = kernel::Judge::new().judge(world, &program);
    println!("{}kernel: {:?}", kernel::log(world, &program), verdict.errno);
    println!("skep: {:?}", skep_side::Judge::new(world).judge(&program));
    Ok(())
}

/// Threads that judge until the time is over.
fn fuzz(world: &World, options: Options) -> Result<Stats, String> {
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let next = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    // The program that each thread is at, for those that never end.
    let places: Vec<AtomicU64> = (0..options.jobs).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        let work = |place| {
            let (next, end) = (&next, end);
            move || work(world, options.seed, next, place, end)
        };
        let threads: Vec<_> = places.iter().map(|place| scope.spawn(work(place))).collect();
        scope.spawn(|| watch(&places, &done, options.seed));
        let mut stats = Stats::default();
        let mut lost = Ok(());
        for thread in threads {
            match thread.join() {
                Ok(counted) => stats.merge(counted),
                Err(_) => lost = Err("a thread panicked outside of skep".to_owned()),
            }
        }
        done.store(true, Ordering::Relaxed);
        lost.map(|()| stats)
    })
}

/// Ends everything when a thread stays at one program: nothing else can end it.
fn watch(places: &[AtomicU64], done: &AtomicBool, seed: u64) {
    // All threads together use at most so much in the time that one of them is at a program for the limit.
    let limit = LIMIT * u32::try_from(places.len()).unwrap_or(1);
    let mut seen: Vec<(u64, Duration)> = places.iter().map(|_| (0, processor_time())).collect();
    while !done.load(Ordering::Relaxed) {
        for (place, seen) in places.iter().zip(&mut seen) {
            let now = place.load(Ordering::Relaxed);
            if now != seen.0 {
                *seen = (now, processor_time());
            } else if processor_time() - seen.1 > limit && !done.load(Ordering::Relaxed) {
                eprintln!("error: program {now} of seed {seed} is not judged within {LIMIT:?}");
                std::process::exit(1);
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Processor time that this process has used.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn work(world: &World, seed: u64, next: &AtomicU64, place: &AtomicU64, end: Instant) -> Stats {
    let mut stats = Stats::default();
    let (mut kernel, skep) = (kernel::Judge::new(), skep_side::Judge::new(world));
    let mut runner = Runner::new(world);
    while Instant::now() < end {
        let number = next.fetch_add(1, Ordering::Relaxed);
        place.store(number + 1, Ordering::Relaxed);
        let program = generate(world, seed, number);
        let start = Instant::now();
        let verdict = kernel.judge(world, &program);
        let middle = Instant::now();
        let said = skep.judge(&program);
        if start.elapsed() > Duration::from_secs(1) {
            let (theirs, ours) = (middle - start, middle.elapsed());
            eprintln!(
                "program {number}: kernel {theirs:.1?}, skep {ours:.1?}: {}",
                verdict.last_message()
            );
        }
        let ran = match &said {
            Said::Accepted { .. } if verdict.is_accepted() => runner.run(&program, number),
            _ => Ran::NotRun,
        };
        count_run(&mut stats, number, &program, ran);
        count(&mut stats, number, &program, &verdict, &said);
    }
    place.store(0, Ordering::Relaxed);
    stats
}

fn count_run(stats: &mut Stats, number: u64, program: &Generated, ran: Ran) {
    let trap = match ran {
        Ran::Well => {
            stats.ran += 1;
            return;
        }
        Ran::NotRun => return,
        Ran::Trapped(trap) => trap,
    };
    let kind = Kind { what: "trapped", kernel: String::new(), skep: skeleton(&trap) };
    let accepted = || "accepted".to_owned();
    let found =
        Found { count: 1, number, program: program.clone(), kernel: accepted(), skep: trap };
    stats.differences.add(kind, found);
}

fn count(stats: &mut Stats, number: u64, program: &Generated, verdict: &Verdict, said: &Said) {
    let is_accepted = verdict.is_accepted();
    stats.programs += 1;
    stats.accepted += u64::from(is_accepted);
    stats.length(program.insns.len());
    if !is_accepted {
        *stats.messages.entry(skeleton(verdict.last_message())).or_default() += 1;
    }
    let kind = difference(verdict, said);
    let by_type = stats.by_type.entry(program.target.name).or_default();
    for (count, adds) in by_type.iter_mut().zip([true, is_accepted, kind.is_none()]) {
        *count += u64::from(adds);
    }
    if let Some(kind) = kind {
        let found = found(number, program, verdict, said);
        return stats.differences.add(kind, found);
    }
    stats.agree += 1;
    match said {
        Said::Rejected { kind, message } => {
            *stats.kinds.entry(kind).or_default() += 1;
            stats.agreed_rejected += 1;
            let is_equal = message == verdict.last_message();
            stats.equal_messages += u64::from(is_equal);
            if !is_equal {
                let pair = (skeleton(verdict.last_message()), skeleton(message));
                *stats.other_messages.entry(pair).or_default() += 1;
            }
        }
        Said::Accepted { insns } => {
            stats.agreed_accepted += 1;
            let theirs = verdict.stats.map_or(0, |stats| stats.insn_processed);
            stats.equal_insns += u64::from(*insns == theirs);
        }
        Said::Unsupported(_) | Said::Crashed(_) => {}
    }
}

fn found(number: u64, program: &Generated, verdict: &Verdict, said: &Said) -> Found {
    Found {
        count: 1,
        number,
        program: program.clone(),
        kernel: match verdict.errno {
            None => "accepted".to_owned(),
            Some(errno) => format!("{errno} {}", verdict.last_message()),
        },
        skep: format!("{said:?}"),
    }
}

/// Makes the program of each difference small; the difference stays the same kind.
fn shrink_all(world: &World, stats: &mut Stats) {
    let (mut kernel, skep) = (kernel::Judge::new(), skep_side::Judge::new(world));
    let mut runner = Runner::new(world);
    let end = Instant::now() + SHRINK_LIMIT;
    let mut found: Vec<_> = stats.differences.0.iter_mut().collect();
    // What matters most, first.
    let weight = |what| match what {
        "unsupported" => 1_u8,
        _ => 0,
    };
    found.sort_by_key(|(kind, found)| (weight(kind.what), std::cmp::Reverse(found.count)));
    for (kind, found) in found {
        if Instant::now() > end {
            return;
        }
        if kind.what == "trapped" {
            let (kind, number) = (kind.clone(), found.number);
            let shows = |program: &Generated| {
                let is_taken = matches!(skep.judge(program), Said::Accepted { .. })
                    && kernel.judge(world, program).is_accepted();
                let ran = if is_taken { runner.run(program, number) } else { Ran::NotRun };
                matches!(ran, Ran::Trapped(trap) if skeleton(&trap) == kind.skep)
            };
            found.program = shrink::shrink(&found.program, shows);
            continue;
        }
        let mut judge = |program: &Generated| {
            let (verdict, said) = (kernel.judge(world, program), skep.judge(program));
            (difference(&verdict, &said), verdict, said)
        };
        let start = Instant::now();
        judge(&found.program);
        if start.elapsed() > SLOW {
            continue;
        }
        let is_same = |found: &Option<Kind>| found.as_ref() == Some(kind);
        let smaller = shrink::shrink(&found.program, |program| is_same(&judge(program).0));
        let (again, verdict, said) = judge(&smaller);
        if is_same(&again) {
            let count = found.count;
            *found = self::found(found.number, &smaller, &verdict, &said);
            found.count = count;
        }
    }
}
