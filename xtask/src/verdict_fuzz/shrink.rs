//! Makes a program smaller as long as what it shows stays.

use std::time::{Duration, Instant};

use skep_isa::{Insn, opcode as op};

use super::difference::{Differences, Found, Kind, difference, other_message, trapped};
use super::generate::Generated;
use super::interpreter::{Ran, Runner};
use super::skep_side::Said;
use super::world::World;
use super::{kernel, skep_side};

/// Most programs that are tried, and how long: some take seconds each.
const ATTEMPTS: usize = 3000;
const LIMIT: Duration = Duration::from_secs(2);
/// Programs that take longer to judge stay as they are.
const SLOW: Duration = Duration::from_millis(20);

/// Makes the program of each difference small, for so long; the difference stays the same kind.
pub(crate) fn shrink_all(world: &World, differences: &mut Differences, limit: Duration) {
    let mut judges = Judges::new(world);
    let end = Instant::now() + limit;
    let mut found: Vec<_> = differences.0.iter_mut().collect();
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
        judges.shrink(kind, found);
    }
}

/// All who say something about a program.
struct Judges<'w> {
    world: &'w World,
    kernel: kernel::Judge,
    skep: skep_side::Judge<'w>,
    runner: Runner<'w>,
}

impl<'w> Judges<'w> {
    fn new(world: &'w World) -> Self {
        let (kernel, skep) = (kernel::Judge::new(), skep_side::Judge::new(world));
        Self { world, kernel, skep, runner: Runner::new(world) }
    }

    fn shrink(&mut self, kind: &Kind, found: &mut Found) {
        let number = found.number;
        let start = Instant::now();
        self.shows(&found.program, number);
        if start.elapsed() > SLOW {
            return;
        }
        let is_same = |shown: &Option<Shown>| shown.as_ref().is_some_and(|it| it.kind == *kind);
        let smaller = shrink(&found.program, |program| is_same(&self.shows(program, number)));
        let shown = self.shows(&smaller, number);
        if let Some(Shown { kernel, skep, .. }) = shown.filter(|it| it.kind == *kind) {
            *found = Found { count: found.count, number, program: smaller, kernel, skep };
        }
    }

    /// What a program shows; nothing when all is as it should be.
    fn shows(&mut self, program: &Generated, number: u64) -> Option<Shown> {
        let (verdict, said) = (self.kernel.judge(self.world, program), self.skep.judge(program));
        let is_accepted = verdict.is_accepted() && matches!(said, Said::Accepted { .. });
        let ran = if is_accepted { self.runner.run(program, number) } else { Ran::NotRun };
        if let Ran::Trapped(trap) = ran {
            return Some(Shown { kind: trapped(&trap), kernel: "accepted".to_owned(), skep: trap });
        }
        let kind = difference(&verdict, &said).or_else(|| other_message(&verdict, &said))?;
        let kernel = skep_case::outcome(verdict.errno, verdict.last_message());
        Some(Shown { kind, kernel, skep: said.text() })
    }
}

/// What a program shows.
struct Shown {
    kind: Kind,
    /// What the kernel says, and skep.
    kernel: String,
    skep: String,
}

/// The smallest program found for which `shows` holds, as it does for `program`.
fn shrink(program: &Generated, mut shows: impl FnMut(&Generated) -> bool) -> Generated {
    let mut best = program.clone();
    let mut attempts = 0;
    let end = Instant::now() + LIMIT;
    let mut chunk = best.insns.len() / 2;
    while chunk > 0 && attempts < ATTEMPTS && Instant::now() < end {
        let mut at = 0;
        let mut shrank = false;
        while at < best.insns.len() && attempts < ATTEMPTS && Instant::now() < end {
            attempts += 1;
            match without(&best, at, chunk) {
                Some(smaller) if shows(&smaller) => {
                    best = smaller;
                    shrank = true;
                }
                _ => at += chunk.div_ceil(2),
            }
        }
        if !shrank || chunk > 1 {
            chunk /= 2;
        }
    }
    plain(best, shows)
}

/// Simpler operands.
fn plain(mut best: Generated, mut shows: impl FnMut(&Generated) -> bool) -> Generated {
    let end = Instant::now() + LIMIT;
    for at in 0..best.insns.len() {
        if Instant::now() > end {
            break;
        }
        let insn = best.insns[at];
        let is_value = matches!(insn.code & op::CLASS_MASK, op::ALU | op::ALU64 | op::ST);
        for imm in [0, 1, insn.imm / 2] {
            if is_value && insn.code & op::SRC_MASK == op::K && imm != best.insns[at].imm {
                let mut simpler = best.clone();
                simpler.insns[at].imm = imm;
                if shows(&simpler) {
                    best = simpler;
                    break;
                }
            }
        }
    }
    best
}

/// The program without some insns, jumps aimed anew.
fn without(program: &Generated, start: usize, count: usize) -> Option<Generated> {
    let insns = &program.insns;
    let mut keep = vec![true; insns.len()];
    let end = (start + count).min(insns.len());
    keep[start..end].fill(false);
    // Both slots of a wide insn go together.
    let mut at = 0;
    while at < insns.len() {
        if insns[at].code == op::LD_IMM64 && at + 1 < insns.len() {
            let both = keep[at] && keep[at + 1];
            (keep[at], keep[at + 1]) = (both, both);
            at += 1;
        }
        at += 1;
    }
    if keep.iter().all(|keep| !keep) {
        return None;
    }
    // Where each insn comes to lie.
    let mut places = Vec::with_capacity(insns.len() + 1);
    let mut place = 0_i64;
    for &keep in &keep {
        places.push(place);
        place += i64::from(keep);
    }
    places.push(place);
    let mut smaller = program.clone();
    smaller.insns = Vec::with_capacity(place as usize);
    for (at, insn) in insns.iter().enumerate().filter(|(at, _)| keep[*at]) {
        smaller.insns.push(aimed(*insn, at, &places)?);
    }
    for func in &mut smaller.funcs {
        func.start = u32::try_from(*places.get(func.start as usize)?).ok()?;
    }
    smaller.funcs.dedup_by_key(|func| func.start);
    smaller.funcs.retain(|func| i64::from(func.start) < place);
    Some(smaller)
}

fn aimed(insn: Insn, at: usize, places: &[i64]) -> Option<Insn> {
    let class = insn.code & op::CLASS_MASK;
    let code = insn.code & op::OP_MASK;
    let is_jump = matches!(class, op::JMP | op::JMP32) && !matches!(code, op::CALL | op::EXIT);
    let is_call = insn.code == op::JMP | op::CALL && insn.src.0 == op::PSEUDO_CALL
        || insn.code == op::LD_IMM64 && insn.src.0 == op::PSEUDO_FUNC;
    let is_long = insn.code == op::JMP32 | op::JA;
    let distance = |distance: i64| -> Option<i64> {
        let target = usize::try_from(at as i64 + 1 + distance).ok()?;
        Some(places.get(target)? - places[at] - 1)
    };
    let mut insn = insn;
    if is_call || is_long {
        insn.imm = i32::try_from(distance(insn.imm.into())?).ok()?;
    } else if is_jump {
        insn.off = i16::try_from(distance(insn.off.into())?).ok()?;
    }
    Some(insn)
}
