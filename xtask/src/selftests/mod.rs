//! `cargo xtask selftests`: the kernel's BPF selftests, judged by skep and by the running kernel side by side.

mod build;
mod cache;
mod diff;
mod glob;
mod guest;
mod judge;
mod known;
mod log;
mod object;
mod row;
mod runner;
mod sources;
mod table;
mod test_run;
mod timing;
mod worker;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use cache::Cache;
use known::Known;
use row::{Answer, Case, Difference, Outcome, Row};
use sources::Folders;
use worker::{Judged, Request, Side, Worker};

/// How long skep may take for a program.
const SKEP_LIMIT: Duration = Duration::from_secs(10);
/// How long the kernel may take, with its log.
const KERNEL_LIMIT: Duration = Duration::from_secs(300);

/// The objects that every run of `.ci/run` judges: small ones of each area, and one that loops long.
const SAMPLE: &[&str] = &[
    "verifier_and",
    "verifier_array_access",
    "verifier_basic_stack",
    "verifier_bounds_deduction",
    "verifier_cfg",
    "verifier_ctx",
    "verifier_helper_access_var_len",
    "verifier_ref_tracking",
    "verifier_spill_fill",
    "verifier_subprog_precision",
    "dynptr_fail",
    "iters",
    "cpumask_failure",
    "cpumask_success",
    "test_get_stack_rawtp",
];

/// The objects whose programs every run of `.ci/run` runs: of each type that can be run, and those that a new task fires.
const RUN_SAMPLE: &[&str] = &[
    "cpumask_success",
    "iters_num",
    "test_l4lb",
    "test_xdp",
    "verifier_bits_iter",
    "verifier_cgroup_skb",
    "verifier_direct_packet_access",
    "verifier_div0",
    "verifier_ld_ind",
    "verifier_lwt",
    "verifier_movsx",
    "verifier_sdiv",
    "verifier_sock",
    "verifier_xdp_direct_packet_access",
];

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Options {
    filter: String,
    prog_type: Option<String>,
    jobs: usize,
    refresh: bool,
    list: bool,
    sample: bool,
    strict: bool,
    /// Whether programs are run, not judged.
    run: bool,
    /// Whether programs are compared as `skep diff` does.
    diff: bool,
    kernel: Option<String>,
    /// How often each side judges each program, when their speed is compared.
    time: Option<u32>,
}

/// Builds, judges, compares.
///
/// # Errors
/// When something cannot be installed or run, and for crashes of the judges themselves.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args == ["--worker"] {
        return worker::serve();
    }
    if args == ["--run-worker"] {
        return test_run::serve();
    }
    if args == ["--diff-worker"] {
        return diff::serve();
    }
    if args == ["--guest"] {
        return guest::judge_as_init();
    }
    let folders = Folders::new()?;
    if let Some((first, rest)) = args.split_first()
        && let Some(writer) = log::Writer::of_option(first)
    {
        return log::print(&folders, writer, rest);
    }
    let options = options(args)?;
    if options.sample
        && let Some(why) = cannot_ask()
    {
        println!("skipped: {why}");
        return Ok(());
    }
    sources::prepare(&folders)?;
    let is_wanted = |name: &str| {
        let sample = if options.run || options.diff { RUN_SAMPLE } else { SAMPLE };
        glob::matches(&options.filter, name) && (!options.sample || sample.contains(&name))
    };
    let failed = build::build(&folders, options.jobs, is_wanted)?;
    let objects = objects(&folders, is_wanted)?;
    println!("{} objects; {} sources do not compile", objects.len(), failed.len());
    for failed in &failed {
        println!("  {}: {}", failed.name, failed.reason);
    }
    if options.run {
        let prog_type = options.prog_type.as_deref();
        return test_run::run(&folders, &objects, prog_type, options.list, options.strict);
    }
    if options.diff {
        let prog_type = options.prog_type.as_deref();
        return diff::run(&folders, &objects, prog_type, options.list, options.strict);
    }
    if let Some(runs) = options.time {
        return timing::run(&folders, &objects, runs, options.prog_type.as_deref());
    }
    if let Some(version) = &options.kernel {
        return guest::run(&folders, version, &objects, &options);
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|e| e.to_string())?;
    let release = release.trim();
    let kernel = ask_kernel(&folders, &objects, release, &options)?;
    let skep = ask_skep(&objects, &kernel, options.jobs)?;
    let rows = rows(&objects, &kernel, &skep, options.prog_type.as_deref());
    report(&folders, release, &kernel, &rows, &options)
}

/// Why the running kernel cannot be asked, if so.
pub(crate) fn cannot_ask() -> Option<String> {
    let insns = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];
    let mut program = skep_host::Program::new(skep_abi::ProgType::SocketFilter, &[]);
    program.insns = insns.to_vec();
    let mut log = skep_host::LogBuffer::whole();
    let refused = program.judge_once(skep_host::LogLevel::NONE, &mut log).errno?;
    Some(format!("the kernel refuses bpf(2) with {refused}: run as root"))
}

fn options(args: &[String]) -> Result<Options, String> {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options {
        filter: "*".to_owned(),
        prog_type: None,
        jobs,
        refresh: false,
        list: false,
        sample: false,
        strict: false,
        run: false,
        diff: false,
        kernel: None,
        time: None,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--filter" => options.filter.clone_from(value()?),
            "--type" => options.prog_type = Some(value()?.clone()),
            "--jobs" => options.jobs = value()?.parse().map_err(|_| "--jobs needs a number")?,
            "--time" => {
                options.time = Some(value()?.parse().map_err(|_| "--time needs a number of runs")?);
            }
            "--kernel" => options.kernel = Some(value()?.clone()),
            "--refresh" => options.refresh = true,
            "--list-differences" => options.list = true,
            "--sample" => (options.sample, options.strict) = (true, true),
            "--strict" => options.strict = true,
            "--run" => options.run = true,
            "--diff" => options.diff = true,
            other => return Err(format!("`selftests` does not know {other}")),
        }
    }
    Ok(options)
}

/// An object to judge.
#[derive(Clone, Debug)]
struct Object {
    name: String,
    path: PathBuf,
}

fn objects(folders: &Folders, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Object>, String> {
    let folder = folders.objects();
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let objects = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".o")?.to_owned();
        is_wanted(&name).then_some(Object { name, path })
    });
    let mut objects: Vec<Object> = objects.collect();
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(objects)
}

/// Has requests judged by as many workers as there are jobs; in the order of the requests.
fn judge_all(requests: &[Request], jobs: usize, limit: Duration) -> Result<Vec<Judged>, String> {
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
    let work = || -> Result<(), String> {
        let mut worker = Worker::start()?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(index) else { return Ok(()) };
            let answer = worker.judge(request, limit)?;
            judged.lock().unwrap_or_else(|e| e.into_inner()).insert(index, answer);
        }
    };
    thread::scope(|scope| {
        let jobs = jobs.min(requests.len());
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned()))
        })
    })?;
    let mut judged = judged.into_inner().unwrap_or_else(|e| e.into_inner());
    Ok((0..requests.len()).map(|index| judged.remove(&index).unwrap_or_default()).collect())
}

fn ask_kernel(
    folders: &Folders,
    objects: &[Object],
    release: &str,
    options: &Options,
) -> Result<Vec<Judged>, String> {
    let path = Cache::path(&folders.work, release);
    let mut cache = Cache::read(&path);
    let mut requests = Vec::new();
    let mut hashes = Vec::new();
    for object in objects {
        let hash = cache::hash(&object.path)?;
        hashes.push(hash);
        if options.refresh || cache.get(&object.name, hash).is_none() {
            requests.push((hash, request(object, Side::Kernel, Vec::new())));
        }
    }
    if !requests.is_empty() {
        eprintln!("selftests: asking the kernel about {} objects", requests.len());
        let plain: Vec<Request> = requests.iter().map(|(_, request)| request.clone()).collect();
        let judged = judge_all(&plain, options.jobs, KERNEL_LIMIT)?;
        for ((hash, request), judged) in requests.iter().zip(judged) {
            cache.put(&request.name, *hash, judged);
        }
        cache.write(&path)?;
    }
    let known = objects.iter().zip(hashes).map(|(object, hash)| cache.get(&object.name, hash));
    Ok(known.map(|known| known.cloned().unwrap_or_default()).collect())
}

fn request(object: &Object, side: Side, untyped: Vec<usize>) -> Request {
    Request {
        side,
        name: object.name.clone(),
        path: object.path.clone(),
        skip: 0,
        untyped,
        kernel: None,
    }
}

fn ask_skep(objects: &[Object], kernel: &[Judged], jobs: usize) -> Result<Vec<Judged>, String> {
    let requests: Vec<Request> = objects
        .iter()
        .zip(kernel)
        .map(|(object, kernel)| request(object, Side::Skep, kernel.untyped.clone()))
        .collect();
    judge_all(&requests, jobs, SKEP_LIMIT)
}

fn rows(
    objects: &[Object],
    kernel: &[Judged],
    skep: &[Judged],
    prog_type: Option<&str>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((object, kernel), skep) in objects.iter().zip(kernel).zip(skep) {
        let answers: HashMap<&Case, &Answer> = skep.cases.iter().zip(&skep.answers).collect();
        let none = Answer::none(
            Outcome::Crashed,
            skep.unreadable.clone().unwrap_or_else(|| format!("no answer about {}", object.name)),
        );
        for (case, kernel) in kernel.cases.iter().zip(&kernel.answers) {
            if prog_type.is_some_and(|wanted| wanted != case.prog_type) {
                continue;
            }
            let skep = (*answers.get(case).unwrap_or(&&none)).clone();
            rows.push(Row { case: case.clone(), kernel: kernel.clone(), skep });
        }
    }
    rows
}

fn report(
    folders: &Folders,
    release: &str,
    kernel: &[Judged],
    rows: &[Row],
    options: &Options,
) -> Result<(), String> {
    let unreadable = kernel.iter().filter(|one| one.unreadable.is_some()).count();
    let counts = table::count(rows);
    print!("{}", table::text(&counts));
    let undecided = rows.iter().filter(|row| !row.kernel.is_decided()).count();
    println!(
        "{undecided} programs are not judged: the kernel cannot load them; {unreadable} objects have no programs"
    );
    let differs = |row: &&Row| row.difference() != Difference::None;
    let (diff, all) = (folders.reports.join("diff.tsv"), folders.reports.join("all.tsv"));
    table::write_tsv(&diff, rows.iter().filter(differs))?;
    table::write_tsv(&all, rows.iter())?;
    table::write_report(&folders.reports.join("report.json"), release, &counts, rows)?;
    println!("differences: {}; every program: {}", diff.display(), all.display());
    if options.list {
        rows.iter().filter(differs).for_each(print_difference);
    }
    // The list is about the running kernel.
    if options.kernel.is_some() { Ok(()) } else { against_known(rows, options) }
}

fn print_difference(row: &Row) {
    let (case, difference) = (&row.case, row.difference().name());
    println!("{difference}: {} {} ({})", case.object, case.program, case.section);
    for (side, answer) in [("kernel", &row.kernel), ("skep", &row.skep)] {
        println!("    {side}: {} {} {}", answer.outcome.name(), answer.insns, answer.message);
    }
}

/// Holds the verdicts that differ against those that are known to.
fn against_known(rows: &[Row], options: &Options) -> Result<(), String> {
    let known = known::list()?;
    let stale = known::stale(&known, rows);
    if !stale.is_empty() {
        let lines = stale.iter().map(|known| {
            let Known { object, program, prog_type, reason, .. } = known;
            format!("\n  {object} {program} ({prog_type}): {reason}")
        });
        let lines: String = lines.collect();
        return Err(format!("remove from known.tsv what does not differ any more:{lines}"));
    }
    let unlisted: Vec<&Row> = rows
        .iter()
        .filter(|row| !row.difference().agrees() && !known::is_listed(&known, row))
        .collect();
    println!("known differences: {}; not listed: {}", known.len(), unlisted.len());
    if options.strict && !unlisted.is_empty() {
        unlisted.iter().for_each(|row| print_difference(row));
        return Err(format!("{} verdicts differ and are not listed", unlisted.len()));
    }
    Ok(())
}
