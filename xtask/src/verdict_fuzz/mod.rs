//! `cargo xtask verdict-fuzz`: generated programs, judged by skep and by the running kernel.
//!
//! Program `n` of seed `s` is always the same. Differences are told apart by what both sides say, shrunk, and written
//! as tests of the verifier (`save`).

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

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use difference::{Found, difference, other_message, trapped};
use generate::{Generated, generate};
use interpreter::{Ran, Runner};
use kernel::skeleton;
use rustix::time::{ClockId, clock_gettime};
use save::Folders;
use shrink::shrink_all;
use skep_host::Verdict;
use skep_side::Said;
use stats::Stats;
use world::World;

use crate::top;

/// How long skep may take to judge and run a program: processor time, so that a busy machine loses no run. The kernel
/// has no such limit: it ends at a million insns, which take minutes where references pile up.
const LIMIT: Duration = Duration::from_secs(60);

/// How long all differences together are made smaller.
const SHRINK_LIMIT: Duration = Duration::from_secs(30);

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
    let folders = Folders::of(&top())?;
    shrink_all(&world, &mut stats.differences, SHRINK_LIMIT);
    shrink_all(&world, &mut stats.other_messages, SHRINK_LIMIT);
    print!("{}", stats.text(seconds));
    for (kind, found) in stats.differences.0.iter().chain(&stats.other_messages.0) {
        println!("{}", folders.save(&world, kind, found, options.seed)?);
    }
    match stats.differences.0.len() {
        0 => Ok(()),
        kinds => Err(format!("{kinds} kinds of difference")),
    }
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
    // The program that skep is at in each thread, for those that never end.
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
            // 0 is a thread in which skep does nothing.
            if now != seen.0 || now == 0 {
                *seen = (now, processor_time());
            } else if processor_time() - seen.1 > limit && !done.load(Ordering::Relaxed) {
                let number = now - 1;
                eprintln!(
                    "error: skep is not done with program {number} of seed {seed} in {LIMIT:?}"
                );
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
        let program = generate(world, seed, number);
        let start = Instant::now();
        let verdict = kernel.judge(world, &program);
        let middle = Instant::now();
        place.store(number + 1, Ordering::Relaxed);
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
        place.store(0, Ordering::Relaxed);
        count_run(&mut stats, number, &program, ran);
        count(&mut stats, number, &program, &verdict, &said);
    }
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
    let kind = trapped(&trap);
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
        Said::Rejected { kind, .. } => {
            *stats.kinds.entry(kind).or_default() += 1;
            stats.agreed_rejected += 1;
            match other_message(verdict, said) {
                None => stats.equal_messages += 1,
                Some(kind) => {
                    stats.other_messages.add(kind, found(number, program, verdict, said));
                }
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
        kernel: skep_case::outcome(verdict.errno, verdict.last_message()),
        skep: said.text(),
    }
}
