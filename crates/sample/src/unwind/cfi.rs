//! Call frame information: `.eh_frame` with or without its index, or `.debug_frame`.

use std::sync::Arc;

use gimli::{
    BaseAddresses, CfaRule, CieOrFde, DebugFrame, EhFrame, EhFrameHdr, EndianSlice, LittleEndian,
    RegisterRule, UnwindContext, UnwindExpression, UnwindSection, UnwindTableRow,
};

use super::expression::Expression;
use super::registers::Register;
use super::rule::{Cfa, General, Plain, Recovery, Rule};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// The unwind tables of one file, in the file's own addresses.
#[derive(Debug)]
pub(super) struct Cfi {
    kind: Kind,
    section: Vec<u8>,
    bases: BaseAddresses,
    index: Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    EhFrame,
    DebugFrame,
}

/// How the entry (FDE) of an address is found.
#[derive(Debug)]
enum Index {
    /// `.eh_frame_hdr`, made by the linker.
    Header(Vec<u8>),
    /// First address and offset of each entry, sorted.
    Sorted(Vec<(u64, usize)>),
}

/// A section's bytes and its address in the file's own view.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) address: u64,
    pub(super) bytes: Vec<u8>,
}

impl Cfi {
    /// Takes `.eh_frame` and, when there is one, its index.
    ///
    /// Returns `None` when there is no index and the entries cannot be read.
    pub(super) fn eh_frame(frame: Section, header: Option<Section>, text: u64) -> Option<Self> {
        let mut bases = BaseAddresses::default().set_eh_frame(frame.address).set_text(text);
        if let Some(header) = &header {
            bases = bases.set_eh_frame_hdr(header.address);
        }
        let index = match header {
            Some(header) if has_table(&header.bytes, &bases) => Index::Header(header.bytes),
            _ => Index::Sorted(sorted(&eh_frame(&frame.bytes), &bases)?),
        };
        Some(Self { kind: Kind::EhFrame, section: frame.bytes, bases, index })
    }

    /// Takes `.debug_frame`.
    ///
    /// Returns `None` when its entries cannot be read.
    pub(super) fn debug_frame(frame: Section, text: u64) -> Option<Self> {
        let bases = BaseAddresses::default().set_text(text);
        let index = Index::Sorted(sorted(&debug_frame(&frame.bytes), &bases)?);
        Some(Self { kind: Kind::DebugFrame, section: frame.bytes, bases, index })
    }

    /// Bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.section.len()
            + match &self.index {
                Index::Header(bytes) => bytes.len(),
                Index::Sorted(entries) => size_of_val(entries.as_slice()),
            }
    }

    /// The rule at an address of the file's own view.
    pub(super) fn rule(&self, context: &mut UnwindContext<usize>, address: u64) -> Rule {
        let found = match self.kind {
            Kind::EhFrame => self.find(&eh_frame(&self.section), context, address),
            Kind::DebugFrame => self.find(&debug_frame(&self.section), context, address),
        };
        found.unwrap_or(Rule::Absent)
    }

    fn find<'a, S: UnwindSection<Bytes<'a>>>(
        &'a self,
        section: &S,
        context: &mut UnwindContext<usize>,
        address: u64,
    ) -> Option<Rule> {
        let offset = S::Offset::from(self.entry_offset(address)?);
        let fde = section.fde_from_offset(&self.bases, offset, S::cie_from_offset).ok()?;
        let row = fde.unwind_info_for_address(section, &self.bases, context, address).ok()?;
        if let Some(plain) = plain(row).filter(|_| !fde.is_signal_trampoline()) {
            return Some(plain);
        }
        let expression = |unevaluated: &UnwindExpression<usize>| {
            let bytes = unevaluated.get(section).ok()?.0.slice().into();
            Some(Expression { bytes, encoding: fde.cie().encoding() })
        };
        let general = general(row, fde.is_signal_trampoline(), expression)?;
        Some(Rule::General(Arc::new(general)))
    }

    fn entry_offset(&self, address: u64) -> Option<usize> {
        match &self.index {
            Index::Sorted(entries) => {
                let after = entries.partition_point(|(start, _)| *start <= address);
                entries.get(after.checked_sub(1)?).map(|(_, offset)| *offset)
            }
            Index::Header(bytes) => {
                let header = EhFrameHdr::new(bytes, LittleEndian).parse(&self.bases, 8).ok()?;
                let entry = header.table()?.lookup(address, &self.bases).ok()?.direct().ok()?;
                let start = header.eh_frame_ptr().direct().ok()?;
                usize::try_from(entry.checked_sub(start)?).ok()
            }
        }
    }
}

fn eh_frame(bytes: &[u8]) -> EhFrame<Bytes<'_>> {
    let mut frame = EhFrame::new(bytes, LittleEndian);
    frame.set_address_size(8);
    frame
}

fn debug_frame(bytes: &[u8]) -> DebugFrame<Bytes<'_>> {
    let mut frame = DebugFrame::new(bytes, LittleEndian);
    frame.set_address_size(8);
    frame
}

fn has_table(header: &[u8], bases: &BaseAddresses) -> bool {
    let parsed = EhFrameHdr::new(header, LittleEndian).parse(bases, 8);
    parsed.is_ok_and(|header| header.table().is_some_and(|table| table.lookup(0, bases).is_ok()))
}

/// First address and offset of each entry that covers anything; `None` when a read fails before the first one.
fn sorted<'a, S: UnwindSection<Bytes<'a>>>(
    section: &S,
    bases: &BaseAddresses,
) -> Option<Vec<(u64, usize)>> {
    let mut starts = Vec::new();
    let mut entries = section.entries(bases);
    // An unreadable entry ends the walk, since the next one is found by its length.
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        let Ok(fde) = partial.parse(S::cie_from_offset) else { continue };
        if fde.len() > 0 {
            starts.push((fde.initial_address(), fde.offset()));
        }
    }
    starts.sort_unstable();
    (!starts.is_empty()).then_some(starts)
}

/// The row as [`Plain`] or [`Rule::Outermost`], where it has that form.
fn plain(row: &UnwindTableRow<usize>) -> Option<Rule> {
    let return_address = match row.register(gimli::X86_64::RA) {
        None | Some(RegisterRule::Undefined) => return Some(Rule::Outermost),
        Some(RegisterRule::Offset(offset)) => i32::try_from(offset).ok()?,
        Some(_) => return None,
    };
    let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
    let mut saved = [None; Register::CALLEE_SAVED.len()];
    for (register, rule) in row.registers() {
        let register = Register::from_dwarf(*register);
        let slot = Register::CALLEE_SAVED.iter().position(|saved| Some(*saved) == register);
        match (slot.and_then(|at| saved.get_mut(at)), rule) {
            (Some(slot), RegisterRule::Offset(offset)) => {
                *slot = Some(i32::try_from(*offset).ok()?)
            }
            (_, RegisterRule::SameValue) => {}
            (None, _) if register == Some(Register::RETURN_ADDRESS) => {}
            // Vector registers may be saved by anyone and lead to no caller.
            (None, _) if register.is_none() => {}
            _ => return None,
        }
    }
    let cfa_register = Register::from_dwarf(*register)?;
    let cfa_offset = i32::try_from(*offset).ok()?;
    Some(Rule::Plain(Plain { cfa_register, cfa_offset, return_address, saved }))
}

fn general(
    row: &UnwindTableRow<usize>,
    signal: bool,
    expression: impl Fn(&UnwindExpression<usize>) -> Option<Expression>,
) -> Option<General> {
    let cfa = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => {
            Cfa::Offset(Register::from_dwarf(*register)?, *offset)
        }
        CfaRule::Expression(unevaluated) => Cfa::Expression(expression(unevaluated)?),
    };
    let mut registers = Vec::new();
    for (number, rule) in row.registers() {
        let Some(register) = Register::from_dwarf(*number) else { continue };
        let recovery = match rule {
            RegisterRule::SameValue => Recovery::Same,
            RegisterRule::Offset(offset) => Recovery::At(*offset),
            RegisterRule::ValOffset(offset) => Recovery::Is(*offset),
            RegisterRule::Register(other) => Recovery::In(Register::from_dwarf(*other)?),
            RegisterRule::Expression(unevaluated) => {
                Recovery::AtExpression(expression(unevaluated)?)
            }
            RegisterRule::ValExpression(unevaluated) => {
                Recovery::IsExpression(expression(unevaluated)?)
            }
            _ => Recovery::Unknown,
        };
        registers.push((register, recovery));
    }
    Some(General { cfa, registers, signal })
}
