//! The walk from the innermost frame outwards.

use std::collections::HashMap;

use gimli::UnwindContext;
use skep_abi::{RecordedKernel, Sample, X86Regs};

use super::files::{Files, ImageId};
use super::memory::{CopiedStack, StackMemory};
use super::registers::{Register, Registers};
use super::rule::{Failure, Rule};
use super::space::{AddressSpace, Loaded, is_file};
use super::{MAX_FRAMES, UnwindMode};

/// Rules kept; when there are more, all are dropped and found again as they are needed (about 6 MiB).
const MAX_RULES: usize = 1 << 16;
/// Below lies the null page, which no code is mapped in (`vm.mmap_min_addr`).
const LOWEST_CODE: u64 = 0x1_0000;
/// User addresses end here.
const HIGHEST_CODE: u64 = 1 << 47;
/// Code segment of a 32-bit program, whose words are not ours (`__USER32_CS`).
const USER32_CS: u64 = 0x23;

/// Why a stack has no more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackEnd {
    /// The outermost frame was reached: the whole stack is there.
    Outermost,
    /// The next frame lies in memory that was not copied or cannot be read.
    Truncated,
    /// Code without unwind tables and without frame pointers, or a broken stack.
    Lost,
    /// [`MAX_FRAMES`] were found.
    TooDeep,
}

/// A user stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwound {
    /// The instruction address, then return addresses, innermost first.
    pub frames: Vec<u64>,
    /// Why it ends where it ends.
    pub end: StackEnd,
}

/// Unwinds user stacks of any number of processes.
///
/// Costs at 30 frames: a hash look-up and a few stack words for each frame; a file is read when a stack first leads
/// through it. Memory stays under 56 MiB: tables 48, rules 6.
pub struct Unwinder {
    files: Files,
    rules: HashMap<(ImageId, u64), Rule>,
    context: UnwindContext<usize>,
}

impl Default for Unwinder {
    fn default() -> Self {
        Self { files: Files::default(), rules: HashMap::new(), context: UnwindContext::new() }
    }
}

impl std::fmt::Debug for Unwinder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unwinder").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Unwinder {
    /// An unwinder that has seen no file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An unwinder of a recording, whose processes are gone.
    #[must_use]
    pub(crate) fn of_recording(kernel: RecordedKernel) -> Self {
        Self { files: Files::of_recording(kernel), ..Self::default() }
    }

    /// The user stack of a sample, innermost first, found as the mode says.
    ///
    /// Without registers or stack bytes in the sample, and for 32-bit programs, it is the callchain.
    pub fn user_stack(
        &mut self,
        mode: UnwindMode,
        space: &mut AddressSpace,
        sample: &Sample,
    ) -> Vec<u64> {
        let chain = &sample.user_stack;
        let (Some(regs), Some(bytes)) = (&sample.user_regs, &sample.user_stack_bytes) else {
            return chain.clone();
        };
        if mode == UnwindMode::Fp || regs.cs == USER32_CS {
            return chain.clone();
        }
        let unwound = self.unwind(space, regs, &mut CopiedStack(bytes));
        let whole = unwound.end == StackEnd::Outermost || unwound.frames.len() >= chain.len();
        if whole || mode == UnwindMode::Dwarf { unwound.frames } else { chain.clone() }
    }

    /// Unwinds one stack from the registers of its innermost frame.
    ///
    /// Addresses that lie in no known mapping are taken for generated code with frame pointers.
    pub fn unwind(
        &mut self,
        space: &mut AddressSpace,
        regs: &X86Regs,
        memory: &mut dyn StackMemory,
    ) -> Unwound {
        let mut frames = vec![regs.ip];
        let mut regs = Registers::innermost(regs);
        // A return address belongs to the call before it, which may be the last insn of its function; the
        // address of an interrupted insn stands for itself.
        let mut interrupted = true;
        let end = loop {
            let address = regs.get(Register::RETURN_ADDRESS).unwrap_or(0);
            let lookup = if interrupted { address } else { address.wrapping_sub(1) };
            let rule = self.rule(space, lookup);
            match step(&rule, space, lookup, frames.len() == 1, &mut regs, memory) {
                Ok(signal) => interrupted = signal,
                Err(end) => break end,
            }
            match regs.get(Register::RETURN_ADDRESS) {
                Some(0) => break StackEnd::Outermost,
                Some(next) if (LOWEST_CODE..HIGHEST_CODE).contains(&next) => frames.push(next),
                _ => break StackEnd::Lost,
            }
            if frames.len() == MAX_FRAMES {
                break StackEnd::TooDeep;
            }
        };
        Unwound { frames, end }
    }

    fn rule(&mut self, space: &mut AddressSpace, lookup: u64) -> Rule {
        let Some((id, address)) = self.locate(space, lookup) else { return Rule::Absent };
        if let Some(rule) = self.rules.get(&(id, address)) {
            return rule.clone();
        }
        let image = self.files.get(id);
        let rule = image.map_or(Rule::Absent, |image| image.rule(&mut self.context, address));
        if self.rules.len() == MAX_RULES {
            self.rules.clear();
        }
        self.rules.insert((id, address), rule.clone());
        rule
    }

    /// The file that an address lies in, and the address in the file's own view.
    fn locate(&mut self, space: &mut AddressSpace, lookup: u64) -> Option<(ImageId, u64)> {
        let pid = space.pid();
        let region = space.region_at(lookup)?;
        let loaded = match region.image {
            Loaded::Nothing => return None,
            Loaded::Image(id) if self.files.get(id).is_some() => Some(id),
            Loaded::Image(_) | Loaded::Unknown => self.files.load(pid, &region.mapping),
        };
        region.image = loaded.map_or(Loaded::Nothing, Loaded::Image);
        let id = loaded?;
        let is_vdso = region.mapping.path.as_os_str() == super::vdso::PATH;
        let offset = if is_vdso {
            lookup - region.mapping.start
        } else {
            region.mapping.file_offset_of(lookup)?
        };
        Some((id, self.files.get(id)?.address_of(offset)?))
    }
}

/// Goes from a frame to its caller; tells whether the frame was one that a signal pushed.
fn step(
    rule: &Rule,
    space: &AddressSpace,
    lookup: u64,
    innermost: bool,
    regs: &mut Registers,
    memory: &mut dyn StackMemory,
) -> Result<bool, StackEnd> {
    let sp = regs.get(Register::RSP).ok_or(StackEnd::Lost)?;
    let (stepped, signal) = match rule {
        Rule::Outermost => return Err(StackEnd::Outermost),
        Rule::Plain(plain) => (plain.step(regs, memory), false),
        Rule::General(general) => (general.step(regs, memory), general.signal),
        Rule::Absent => {
            without_tables(space, lookup, innermost, regs, memory)?;
            (Ok(()), false)
        }
    };
    stepped.map_err(|failure| match failure {
        Failure::Unreadable => StackEnd::Truncated,
        Failure::Unknown => StackEnd::Lost,
    })?;
    // A signal may have moved to another stack; everything else only grows towards older frames.
    let caller_sp = regs.get(Register::RSP).ok_or(StackEnd::Lost)?;
    if caller_sp <= sp && !signal { Err(StackEnd::Lost) } else { Ok(signal) }
}

/// A step through code that no table covers: assembly stubs, generated code, files without tables.
fn without_tables(
    space: &AddressSpace,
    lookup: u64,
    innermost: bool,
    regs: &mut Registers,
    memory: &mut dyn StackMemory,
) -> Result<(), StackEnd> {
    let sp = regs.get(Register::RSP).ok_or(StackEnd::Lost)?;
    let here = space.mapping_at(lookup);
    // A stub or a call through a null pointer has pushed nothing yet: the word at sp is the return address.
    if innermost && (here.is_some_and(is_file) || lookup < LOWEST_CODE) {
        let top = memory.word(sp).ok_or(StackEnd::Truncated)?;
        if space.mapping_at(top).is_some() {
            regs.forget_caller_saved();
            regs.set(Register::RETURN_ADDRESS, Some(top));
            regs.set(Register::RSP, Some(sp.wrapping_add(8)));
            return Ok(());
        }
    }
    let bp = regs.get(Register::RBP).ok_or(StackEnd::Lost)?;
    // A zero marks the outermost frame by convention, and is any value of a general register otherwise.
    if bp < sp || bp % 8 != 0 || bp >= HIGHEST_CODE {
        return Err(StackEnd::Lost);
    }
    let caller_bp = memory.word(bp).ok_or(StackEnd::Truncated)?;
    let caller = memory.word(bp + 8).ok_or(StackEnd::Truncated)?;
    // Between generated code, whose mappings nobody announces, anything may follow; from a file, only known code.
    if here.is_some_and(is_file) && caller != 0 && space.mapping_at(caller).is_none() {
        return Err(StackEnd::Lost);
    }
    regs.forget_caller_saved();
    regs.set(Register::RBP, Some(caller_bp));
    regs.set(Register::RETURN_ADDRESS, Some(caller));
    regs.set(Register::RSP, Some(bp + 16));
    Ok(())
}
