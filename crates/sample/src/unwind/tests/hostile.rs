//! Files that anyone may have written: nothing in them may make the unwinder panic, loop, or grow.

use std::sync::Arc;

use gimli::{Encoding, Format, UnwindContext};
use skep_abi::{UserStack, X86Regs};

use super::super::expression::{Expression, evaluate};
use super::super::image::Image;
use super::super::registers::{Register, Registers};
use super::super::rule::{Cfa, General, Recovery, Rule};
use super::CopiedStack;

fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn stack() -> UserStack {
    let words = (0..512u64).map(|i| 0x7000_0000 + i * 24 % 4096);
    UserStack { start: 0x7000_0000, bytes: words.flat_map(u64::to_le_bytes).collect() }
}

fn registers() -> Registers {
    Registers::innermost(&X86Regs {
        sp: 0x7000_0000,
        bp: 0x7000_0100,
        ip: 0x1000,
        ..X86Regs::default()
    })
}

fn apply(rule: &Rule, regs: &mut Registers) {
    let stack = stack();
    match rule {
        Rule::Plain(plain) => drop(plain.step(regs, &mut CopiedStack(&stack))),
        Rule::General(general) => drop(general.step(regs, &mut CopiedStack(&stack))),
        Rule::Outermost | Rule::Absent => {}
    }
}

/// The smallest real file with tables at hand: the vDSO, else this test.
fn victim() -> Vec<u8> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with("[vdso]"));
    let range = line.and_then(|line| line.split(' ').next()?.split_once('-'));
    let Some((start, end)) = range else { return std::fs::read("/proc/self/exe").unwrap() };
    let hex = |text| u64::from_str_radix(text, 16).unwrap();
    let mut bytes = vec![0; (hex(end) - hex(start)) as usize];
    let mem = std::fs::File::open("/proc/self/mem").unwrap();
    std::os::unix::fs::FileExt::read_exact_at(&mem, &mut bytes, hex(start)).unwrap();
    bytes
}

#[test]
fn mutated_files_are_survived() {
    let whole = victim();
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let (mut parsed, mut ruled) = (0, 0);
    let mut context = UnwindContext::new();
    for round in 0..3_000u64 {
        let mut bytes = whole.clone();
        for _ in 0..=round % 24 {
            let at = xorshift(&mut random) as usize % bytes.len();
            bytes[at] = xorshift(&mut random) as u8;
        }
        if round % 5 == 0 {
            bytes.truncate(xorshift(&mut random) as usize % bytes.len());
        }
        let Some(image) = Image::from_bytes(&bytes) else { continue };
        parsed += 1;
        for address in (0..whole.len() as u64).step_by(97) {
            let rule = image.rule(&mut context, address);
            ruled += usize::from(!matches!(rule, Rule::Absent));
            apply(&rule, &mut registers());
        }
    }
    assert!(parsed > 500 && ruled > 5_000, "the mutations still reach the code: {parsed}, {ruled}");
}

#[test]
fn mutated_tables_are_survived() {
    let whole = victim();
    let file = object::File::parse(&*whole).unwrap();
    let range = |name| {
        object::ObjectSection::file_range(&object::Object::section_by_name(&file, name).unwrap())
    };
    let tables = [range(".eh_frame").unwrap(), range(".eh_frame_hdr").unwrap()];
    let mut random = 0x1234_5678_9abc_def1;
    let mut context = UnwindContext::new();
    let mut ruled = 0;
    for round in 0..10_000u64 {
        let mut bytes = whole.clone();
        for _ in 0..=round % 6 {
            let (start, size) = tables[usize::from(xorshift(&mut random).is_multiple_of(4))];
            let at = start + xorshift(&mut random) % size;
            bytes[at as usize] = xorshift(&mut random) as u8;
        }
        let image = Image::from_bytes(&bytes).unwrap();
        for address in (0..whole.len() as u64).step_by(61) {
            let rule = image.rule(&mut context, address);
            ruled += usize::from(!matches!(rule, Rule::Absent));
            apply(&rule, &mut registers());
        }
    }
    assert!(ruled > 100_000, "the mutations still reach the code: {ruled}");
}

fn expression(bytes: &[u8]) -> Expression {
    let encoding = Encoding { address_size: 8, format: Format::Dwarf32, version: 1 };
    Expression { bytes: bytes.into(), encoding }
}

#[test]
fn an_expression_that_loops_is_ended() {
    // DW_OP_skip -3: jumps to itself.
    let looping = expression(&[0x2f, 0xfd, 0xff]);
    let stack = stack();
    assert_eq!(evaluate(&looping, Some(1), &registers(), &mut CopiedStack(&stack)), None);
    // DW_OP_dup, DW_OP_skip -4: grows its stack as well.
    let growing = expression(&[0x12, 0x2f, 0xfc, 0xff]);
    assert_eq!(evaluate(&growing, Some(1), &registers(), &mut CopiedStack(&stack)), None);
}

#[test]
fn addresses_wrap_instead_of_overflowing() {
    let general = Rule::General(Arc::new(General {
        cfa: Cfa::Offset(Register::RSP, i64::MIN),
        registers: vec![
            (Register::RETURN_ADDRESS, Recovery::Is(i64::MAX)),
            (Register::RBP, Recovery::At(i64::MIN)),
            (Register::RBX, Recovery::In(Register::RBP)),
        ],
        signal: false,
    }));
    let mut regs = registers();
    apply(&general, &mut regs);
    // Twice the least number is zero: the word at the stack pointer.
    assert_eq!(regs.get(Register::RBP), Some(0x7000_0000));
}

#[test]
fn random_expressions_are_survived() {
    let mut random = 0xdead_beef_cafe_f00d;
    let stack = stack();
    for _ in 0..50_000 {
        let size = xorshift(&mut random) as usize % 24;
        let bytes: Vec<u8> = (0..size).map(|_| xorshift(&mut random) as u8).collect();
        evaluate(&expression(&bytes), Some(0x7000_0000), &registers(), &mut CopiedStack(&stack));
    }
}
