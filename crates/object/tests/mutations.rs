//! Damaged objects: bit flips, truncations, swapped sections. None may panic, hang, or take memory out of
//! proportion. Alone in its binary, since it looks at the memory of its process.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod fixture;

use std::sync::mpsc;
use std::time::Duration;

use skep_object::{ObjectSpec, Outcome};

/// Damaged objects of each fixture.
const EACH: u64 = 400;

/// Far more than all of them take; a watchdog, not a measurement.
const PATIENCE: Duration = Duration::from_secs(300);

/// Most memory that the process may have had, in KiB. Each fixture has less than 50 KiB.
const MEMORY: u64 = 200 << 10;

/// A generator of numbers that are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Where a fixture's section headers start, and how many there are.
fn headers(bytes: &[u8]) -> (usize, usize) {
    let start = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    (start, u16::from_le_bytes(bytes[60..62].try_into().unwrap()) as usize)
}

fn damaged(sound: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let (start, count) = headers(sound);
    match numbers.below(6) {
        0 => {
            for _ in 0..=numbers.below(8) {
                let at = numbers.below(bytes.len());
                bytes[at] ^= 1 << numbers.below(8);
            }
        }
        1 => bytes.truncate(numbers.below(sound.len())),
        2 => {
            // Two sections change places: header against header.
            let (a, b) = (start + numbers.below(count) * 64, start + numbers.below(count) * 64);
            for at in 0..64 {
                bytes.swap(a + at, b + at);
            }
        }
        3 => {
            // A field of a section header becomes something else.
            let at = start + numbers.below(count) * 64 + numbers.below(16) * 4;
            let odd = [0, 1, 7, 0xffff, 0x7fff_ffff, 0xffff_ffff, numbers.next() as u32];
            bytes[at..at + 4].copy_from_slice(&odd[numbers.below(odd.len())].to_le_bytes());
        }
        4 => {
            // A word anywhere becomes small, large, or a copy of another.
            let at = numbers.below(bytes.len() / 4 - 1) * 4;
            let from = numbers.below(bytes.len() / 4 - 1) * 4;
            let word = match numbers.below(3) {
                0 => (numbers.next() as u32 & 0xff).to_le_bytes(),
                1 => (numbers.next() as u32 | 0x8000_0000).to_le_bytes(),
                _ => sound[from..from + 4].try_into().unwrap(),
            };
            bytes[at..at + 4].copy_from_slice(&word);
        }
        _ => {
            // A stretch is overwritten by another.
            let len = 1 + numbers.below(64);
            let (from, to) = (numbers.below(bytes.len() - len), numbers.below(bytes.len() - len));
            bytes.copy_within(from..from + len, to);
        }
    }
    bytes
}

/// Most memory that this process ever had, in KiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Reads and resolves every damaged object; counts those refused, those with a program at fault, and the rest.
fn judge_all() -> [u32; 3] {
    let kernel = fixture::kernel("6.18.0");
    let mut numbers = Numbers(1);
    let mut counts = [0; 3];
    for name in fixture::NAMES {
        let sound = fixture::bytes(name);
        for _ in 0..EACH {
            let judged = match ObjectSpec::parse(name, &damaged(&sound, &mut numbers)) {
                Err(error) => {
                    assert!(
                        !error.to_string().is_empty() && error.to_string().len() < 1000,
                        "{error}"
                    );
                    0
                }
                Ok(spec) => match spec.resolve(&kernel) {
                    Ok(resolved)
                        if resolved
                            .programs
                            .iter()
                            .all(|program| program.outcome == Outcome::Ready) =>
                    {
                        2
                    }
                    _ => 1,
                },
            };
            counts[judged] += 1;
        }
    }
    counts
}

#[test]
fn damaged_objects_are_judged_in_bounded_time_and_memory() {
    let (done, finished) = mpsc::channel();
    let judge = std::thread::spawn(move || {
        let counts = judge_all();
        // The receiver is gone only when the test has failed already.
        let _ = done.send(counts);
    });
    let counts = finished
        .recv_timeout(PATIENCE)
        .expect("a damaged object panics (see above) or takes for ever");
    judge.join().expect("it has finished");
    assert_eq!(counts.iter().sum::<u32>(), EACH as u32 * fixture::NAMES.len() as u32);
    // Mutations that all end the same way would test nothing.
    assert!(counts.iter().all(|&count| count > 200), "{counts:?}");
    match peak_memory() {
        Some(peak) => assert!(peak < MEMORY, "{peak} KiB"),
        None => skep_skip::skipped!("the memory's bound: /proc/self/status does not say"),
    }
}
