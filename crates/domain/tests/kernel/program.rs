//! Random programs over four scalars, and what the domain says of every state in them.
//!
//! Each conditional jump leads to a landing of its own, so that nothing is pruned and the state behind it is printed.

use std::collections::BTreeMap;

use skep_domain::{
    CondOp, Scalar, ScalarOp, alu, is_branch_taken, regs_refine, regs_refine_false,
    regs_refine_same,
};

use crate::log::Place;
use crate::random::Random;

/// R6 to R9.
pub(crate) const REGISTERS: std::ops::Range<usize> = 6..10;

type States = [Scalar; 4];

/// The right side of an operation; registers count from R6.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(usize),
    Imm(i32),
}

/// What a program is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Insns of all kinds.
    Everything,
    /// Jumps, and little else: states with many facts.
    Jumps,
}

/// A program under construction, and the state at its end.
pub(crate) struct Program {
    lines: Vec<String>,
    /// How many slots `lines` take.
    slots: usize,
    jumps: Vec<Jump>,
    state: States,
    expected: BTreeMap<Place, States>,
}

/// A jump whose target follows the program's end.
struct Jump {
    from: usize,
    /// The state behind it, if both ways are open.
    taken: Option<States>,
}

impl Program {
    /// Four unknown scalars.
    pub(crate) fn new() -> Self {
        let mut program = Self {
            lines: Vec::new(),
            slots: 0,
            jumps: Vec::new(),
            state: [Scalar::unknown(); 4],
            expected: BTreeMap::new(),
        };
        for register in REGISTERS {
            program.push("call 7".to_owned(), 1);
            program.push(format!("r{register} = r0"), 1);
        }
        program.push("r0 = 0".to_owned(), 1);
        program
    }

    /// Four unknown scalars, then `length` random insns, or fewer if a jump is always taken.
    pub(crate) fn random(random: &mut Random, mix: Mix, length: usize) -> Self {
        let mut program = Self::new();
        for _ in 0..length {
            if !program.step(random, mix) {
                break;
            }
        }
        program
    }

    /// The text, with a landing for each jump.
    pub(crate) fn text(&self) -> String {
        let mut text = self.lines.join("\n") + "\nexit\n";
        for jump in &self.jumps {
            text += &format!("landing{}: r0 = 0\nexit\n", jump.from);
        }
        text
    }

    /// The states that the log must show where it shows any.
    pub(crate) fn expected(&self) -> BTreeMap<Place, States> {
        let landings = self.jumps.iter().enumerate().filter_map(|(nth, jump)| {
            let landing = self.slots + 1 + 2 * nth;
            Some((Place::Edge(jump.from, landing), jump.taken?))
        });
        self.expected.iter().map(|(place, states)| (*place, *states)).chain(landings).collect()
    }

    fn push(&mut self, line: String, slots: usize) {
        self.lines.push(line);
        self.expected.insert(Place::After(self.slots), self.state);
        self.slots += slots;
    }

    /// Appends an insn. Returns whether the program goes on behind it.
    fn step(&mut self, random: &mut Random, mix: Mix) -> bool {
        let jumps = if mix == Mix::Jumps { 14 } else { 6 };
        match random.below(16) {
            kind if kind < jumps => {
                let op = *random.pick(&CondOp::ALL);
                let (is32, dst) = (random.below(3) == 0, random.below(4) as usize);
                let operand = self.operand(random);
                op == CondOp::NotSet || self.jump(op, is32, dst, operand)
            }
            13 => self.extend(random),
            14 => self.narrow(random),
            15 => self.replace(random),
            _ => self.arithmetic(random),
        }
    }

    fn operand(&self, random: &mut Random) -> Operand {
        if random.below(2) == 0 {
            Operand::Register(random.below(4) as usize)
        } else {
            Operand::Imm(random.interesting() as i32)
        }
    }

    fn value(&self, operand: Operand) -> Scalar {
        match operand {
            Operand::Register(register) => self.state[register],
            Operand::Imm(imm) => Scalar::constant(i64::from(imm).cast_unsigned()),
        }
    }

    fn arithmetic(&mut self, random: &mut Random) -> bool {
        let op = *random.pick(&ScalarOp::ALL);
        let (is32, dst) = (random.below(3) == 0, random.below(4) as usize);
        let mut operand = self.operand(random);
        let width = if is32 { 32 } else { 64 };
        match (op, operand) {
            (ScalarOp::Lsh | ScalarOp::Rsh | ScalarOp::Arsh, Operand::Imm(imm)) => {
                let amount = if random.below(8) == 0 { 32 } else { imm };
                operand = Operand::Imm(amount.rem_euclid(width));
            }
            // A division forgets everything: rarely, then.
            (ScalarOp::Div | ScalarOp::Mod | ScalarOp::Sdiv | ScalarOp::Smod, _)
                if random.below(4) != 0 || operand == Operand::Imm(0) =>
            {
                return true;
            }
            (ScalarOp::And | ScalarOp::Or, _) if self.value(operand).is_const() => {
                // The verifier may follow the two values of [-1, 0] apart.
                let reg = self.state[dst];
                if (reg.smin, reg.smax) == (-1, 0) || (reg.s32_min, reg.s32_max) == (-1, 0) {
                    return true;
                }
            }
            _ => {}
        }
        let src = self.value(operand);
        let letter = if is32 { 'w' } else { 'r' };
        let left = dst + 6;
        let line = match op {
            ScalarOp::Neg => format!("{letter}{left} = -{letter}{left}"),
            _ => format!("{letter}{left} {}= {}", sign(op), operand.text(is32)),
        };
        alu(op, is32, &mut self.state[dst], &src);
        settle(&mut self.state[dst]);
        self.push(line, 1);
        true
    }

    /// Appends a jump to a landing. Returns whether the program goes on behind it.
    pub(crate) fn jump(&mut self, op: CondOp, is32: bool, dst: usize, operand: Operand) -> bool {
        let src = self.value(operand);
        let letter = if is32 { 'w' } else { 'r' };
        let from = self.slots;
        let (left, right) = (dst + 6, operand.text(is32));
        let line = format!("if {letter}{left} {} {right} goto landing{from}", comparison(op));
        let prediction = is_branch_taken(&self.state[dst], &src, op, is32);
        let mut taken = None;
        if prediction.is_none() {
            let mut other = self.state;
            refine(&mut other, dst, operand, op, is32);
            refine(&mut self.state, dst, operand, op.negated(), is32);
            self.state.iter_mut().chain(&mut other).for_each(settle);
            taken = Some(other);
        }
        self.push(line, 1);
        self.jumps.push(Jump { from, taken });
        prediction != Some(true)
    }

    /// Appends a move of a register to itself that extends a sign.
    fn extend(&mut self, random: &mut Random) -> bool {
        let dst = random.below(4) as usize;
        let bytes = *random.pick(&[1, 2, 4]);
        let (letter, bits) = if bytes < 4 && random.below(2) == 0 {
            self.state[dst].coerce_subreg_to_size_sx(bytes);
            self.state[dst].zext_32_to_64();
            self.state[dst].sync();
            ('w', bytes * 8)
        } else {
            self.state[dst].coerce_to_size_sx(bytes);
            ('r', bytes * 8)
        };
        let left = dst + 6;
        self.push(format!("{letter}{left} = (s{bits}){letter}{left}"), 1);
        true
    }

    /// Appends a move of a register's low half to itself.
    fn narrow(&mut self, random: &mut Random) -> bool {
        let dst = random.below(4) as usize;
        self.state[dst].zext_32_to_64();
        self.state[dst].sync();
        self.push(format!("w{0} = w{0}", dst + 6), 1);
        true
    }

    /// Appends a constant, or what a narrow load from the stack leaves.
    fn replace(&mut self, random: &mut Random) -> bool {
        let dst = random.below(4) as usize;
        if random.below(2) == 0 {
            self.set(dst, random.interesting());
            return true;
        }
        let bytes = *random.pick(&[1, 2, 4]);
        let sign = if random.below(2) == 0 { 's' } else { 'u' };
        // What lies in the upper half of a slot is not tracked unless it is zero.
        self.push("*(u32 *)(r10 -4) = 1".to_owned(), 1);
        self.state[dst] = Scalar::unknown();
        if sign == 's' {
            self.state[dst].coerce_to_size_sx(bytes);
        } else {
            self.state[dst].coerce_to_size(bytes);
        }
        self.push(format!("r{} = *({sign}{} *)(r10 -4)", dst + 6, bytes * 8), 1);
        true
    }

    /// Appends a constant.
    pub(crate) fn set(&mut self, dst: usize, value: u64) {
        self.state[dst] = Scalar::constant(value);
        self.push(format!("r{} = {value:#x} ll", dst + 6), 2);
    }
}

impl Operand {
    fn text(self, is32: bool) -> String {
        match self {
            Self::Register(register) if is32 => format!("w{}", register + 6),
            Self::Register(register) => format!("r{}", register + 6),
            Self::Imm(imm) => imm.to_string(),
        }
    }
}

fn refine(states: &mut States, dst: usize, operand: Operand, op: CondOp, is32: bool) {
    let mut left = states[dst];
    match operand {
        Operand::Register(src) if src == dst => {
            regs_refine_same(&mut left, op, is32);
            left.sync();
        }
        Operand::Register(src) => {
            regs_refine(&mut left, &mut states[src], op, is32);
            states[src].sync();
        }
        Operand::Imm(imm) => {
            let mut right = Scalar::constant(i64::from(imm).cast_unsigned());
            // The false branch's own spelling, which must come to the same.
            regs_refine_false(&mut left, &mut right, op.negated(), is32);
        }
    }
    left.sync();
    states[dst] = left;
}

/// What the kernel does with a contradiction.
fn settle(reg: &mut Scalar) {
    if !reg.is_consistent() {
        reg.set_unbounded();
    }
}

fn sign(op: ScalarOp) -> &'static str {
    match op {
        ScalarOp::Add => "+",
        ScalarOp::Sub => "-",
        ScalarOp::Mul => "*",
        ScalarOp::Div => "/",
        ScalarOp::Mod => "%",
        ScalarOp::Sdiv => "s/",
        ScalarOp::Smod => "s%",
        ScalarOp::And => "&",
        ScalarOp::Or => "|",
        ScalarOp::Xor => "^",
        ScalarOp::Lsh => "<<",
        ScalarOp::Rsh => ">>",
        ScalarOp::Arsh => "s>>",
        ScalarOp::Neg => "-",
    }
}

fn comparison(op: CondOp) -> &'static str {
    match op {
        CondOp::Eq => "==",
        CondOp::Ne => "!=",
        CondOp::Set | CondOp::NotSet => "&",
        CondOp::Gt => ">",
        CondOp::Ge => ">=",
        CondOp::Lt => "<",
        CondOp::Le => "<=",
        CondOp::Sgt => "s>",
        CondOp::Sge => "s>=",
        CondOp::Slt => "s<",
        CondOp::Sle => "s<=",
    }
}
