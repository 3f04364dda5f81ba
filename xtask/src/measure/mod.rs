//! `cargo xtask measure [NAME…]`: profiles workloads of known behaviour with the release binary and prints what came out
//! beside what must.

mod callback;
mod cost;
mod engines;
mod loss;
mod recording;
mod refused;
mod shares;
mod workload;

/// One figure: what was measured, and the bar that it must pass.
struct Figure {
    what: String,
    measured: String,
    bar: String,
    passed: bool,
}

type Outcome = Result<Vec<Figure>, String>;

type Measurement = (&'static str, fn() -> Outcome);

/// Every measurement, by the name that the command line takes.
const MEASUREMENTS: &[Measurement] = &[
    ("shares", shares::measure),
    ("loss", loss::measure),
    ("callback", callback::measure),
    ("refused", refused::measure),
    ("cost", cost::measure),
    ("engines", engines::measure),
    ("recording", recording::measure),
];

/// Runs the named measurements, or all; prints a Markdown table.
///
/// # Errors
/// When a bar is missed or a measurement could not be made.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    let known = |name: &String| MEASUREMENTS.iter().any(|(known, _)| known == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no measurement is called {unknown}; there are {}", all.join(", ")));
    }
    workload::build_skep()?;
    let mut missed = 0;
    println!("| measurement | figure | measured | bar | |\n|---|---|---|---|---|");
    for (name, measure) in MEASUREMENTS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        for Figure { what, measured, bar, passed } in measure()? {
            let verdict = if passed { "passed" } else { "MISSED" };
            println!("| {name} | {what} | {measured} | {bar} | {verdict} |");
            missed += usize::from(!passed);
        }
    }
    if missed == 0 { Ok(()) } else { Err(format!("{missed} figures missed their bar")) }
}
