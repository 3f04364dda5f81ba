//! Attaching, running and letting go of programs: each case is played on the machine and on the running kernel, and
//! every answer must be the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod kernel;
mod machine;
mod opens;
mod program;
mod software;
mod world;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use world::{Source, Way, World};

/// Whether a debug trap has come that belonged to no breakpoint any more. The kernel sends SIGTRAP for it, which ends a
/// process that does not expect it; on a busy virtual machine that happens now and then.
static STRAY_TRAP: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let seen = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTRAP, Arc::clone(&seen)).unwrap();
    seen
});

/// Plays one case both ways; the answers, one a line.
fn compare(name: &str, way: Way, source: Source, play: &dyn Fn(&mut dyn World)) -> bool {
    let mut kernel = match kernel::Kernel::new(way, source) {
        Ok(kernel) => kernel,
        Err(why) => {
            skep_skip::skipped!("{name} by {way:?}, {source:?}: {why}");
            return false;
        }
    };
    let mut machine = machine::Simulated::new(source);
    STRAY_TRAP.store(false, SeqCst);
    play(&mut kernel);
    if STRAY_TRAP.load(SeqCst) {
        eprintln!("{name} by {way:?}, {source:?} is played again: a stray debug trap came");
        drop(kernel);
        return compare(name, way, source, play);
    }
    play(&mut machine);
    let (theirs, ours) = (kernel.answers(), machine.answers());
    assert!(!theirs.is_empty(), "{name} by {way:?}, {source:?} asks nothing");
    assert_eq!(ours, theirs, "{name} by {way:?}, {source:?}: the machine's answers, the kernel's");
    true
}

#[test]
fn the_machine_answers_as_the_running_kernel_in_every_cell() {
    let mut played = 0;
    for (name, play) in cases::CASES {
        for way in Way::ALL {
            played += usize::from(compare(name, way, Source::Writes, &|world| play(world, way)));
        }
    }
    if played > 0 {
        println!("{played} cells of {}", cases::CASES.len() * Way::ALL.len());
    }
}

#[test]
fn the_machine_answers_as_the_running_kernel_for_software_events() {
    let (mut played, mut cells) = (0, 0);
    for (name, play) in software::CASES {
        for source in Source::SOFTWARE {
            for way in [Way::Link, Way::Ioctl] {
                cells += 1;
                played += usize::from(compare(name, way, source, &|w| play(w, way, source)));
            }
        }
    }
    if played > 0 {
        println!("{played} cells of {cells}");
    }
}
