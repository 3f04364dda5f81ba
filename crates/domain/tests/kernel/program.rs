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

#[derive(Clone, Copy)]
enum Operand {
    Register(usize),
    Imm(i32),
}

/// A program under construction, and the state at its end.
pub(crate) struct Program {
    lines: Vec<String>,
    /// How many slots `lines` take.
    slots: usize,
    jumps: Vec<Jump>,
    state: States,
    pub(crate) expected: BTreeMap<Place, States>,
}

/// A jump whose target follows the program's end.
struct Jump {
    from: usize,
    /// The state behind it, if both ways are open.
    taken: Option<States>,
}

impl Program {
    /// Four unknown scalars, then `length` random insns, or fewer if a jump is always taken.
    pub(crate) fn random(random: &mut Random, length: usize) -> Self {
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
        for _ in 0..length {
            if !program.step(random) {
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

    /// Turns the jumps' states into places, now that the landings have theirs.
    pub(crate) fn finish(&mut self) {
        for (nth, jump) in self.jumps.iter().enumerate() {
            let landing = self.slots + 1 + 2 * nth;
            if let Some(taken) = jump.taken {
                self.expected.insert(Place::Edge(jump.from, landing), taken);
            }
        }
    }

    fn push(&mut self, line: String, slots: usize) {
        self.lines.push(line);
        self.expected.insert(Place::After(self.slots), self.state);
        self.slots += slots;
    }

    /// Appends an insn. Returns whether the program goes on behind it.
    fn step(&mut self, random: &mut Random) -> bool {
        match random.below(16) {
            0..6 => self.jump(random),
            6..13 => self.arithmetic(random),
            13 => self.extend(random),
            14 => self.narrow(random),
            _ => self.constant(random),
        }
    }

    fn operand(&self, random: &mut Random) -> (Operand, Scalar) {
        if random.below(2) == 0 {
            let register = random.below(4) as usize;
            (Operand::Register(register), self.state[register])
        } else {
            let imm = random.interesting() as i32;
            (Operand::Imm(imm), Scalar::constant(i64::from(imm).cast_unsigned()))
        }
    }

    fn arithmetic(&mut self, random: &mut Random) -> bool {
        let op = *random.pick(&ScalarOp::ALL);
        let (is32, dst) = (random.below(3) == 0, random.below(4) as usize);
        let (mut operand, mut src) = self.operand(random);
        let width = if is32 { 32 } else { 64 };
        match op {
            ScalarOp::Lsh | ScalarOp::Rsh | ScalarOp::Arsh => {
                if let Operand::Imm(imm) = operand {
                    let amount = if random.below(8) == 0 { 32 } else { imm }.rem_euclid(width);
                    (operand, src) = (Operand::Imm(amount), Scalar::constant(amount as u64));
                }
            }
            ScalarOp::Div | ScalarOp::Mod | ScalarOp::Sdiv | ScalarOp::Smod => {
                // A division forgets everything: rarely, then.
                if random.below(4) != 0 || matches!(operand, Operand::Imm(0)) {
                    return true;
                }
            }
            ScalarOp::And | ScalarOp::Or if src.is_const() => {
                // The verifier may follow the two values of [-1, 0] apart.
                let reg = self.state[dst];
                if (reg.smin, reg.smax) == (-1, 0) || (reg.s32_min, reg.s32_max) == (-1, 0) {
                    return true;
                }
            }
            _ => {}
        }
        let letter = if is32 { 'w' } else { 'r' };
        let right = match operand {
            Operand::Register(register) => format!("{letter}{}", register + 6),
            Operand::Imm(imm) => imm.to_string(),
        };
        let left = dst + 6;
        let line = match op {
            ScalarOp::Neg => format!("{letter}{left} = -{letter}{left}"),
            _ => format!("{letter}{left} {}= {right}", sign(op)),
        };
        alu(op, is32, &mut self.state[dst], &src);
        self.check(dst);
        self.push(line, 1);
        true
    }

    fn jump(&mut self, random: &mut Random) -> bool {
        let op = *random.pick(&CondOp::ALL);
        if op == CondOp::NotSet {
            return true;
        }
        let (is32, dst) = (random.below(3) == 0, random.below(4) as usize);
        let (operand, src) = self.operand(random);
        let letter = if is32 { 'w' } else { 'r' };
        let right = match operand {
            Operand::Register(register) => format!("{letter}{}", register + 6),
            Operand::Imm(imm) => imm.to_string(),
        };
        let from = self.slots;
        let line = format!("if {letter}{} {} {right} goto landing{from}", dst + 6, comparison(op));
        let prediction = is_branch_taken(&self.state[dst], &src, op, is32);
        let mut taken = None;
        if prediction.is_none() {
            let mut other = self.state;
            refine(&mut other, dst, operand, op, is32);
            refine(&mut self.state, dst, operand, op.negated(), is32);
            for states in [&mut self.state, &mut other] {
                for reg in states {
                    settle(reg);
                }
            }
            taken = Some(other);
        }
        self.push(line, 1);
        self.jumps.push(Jump { from, taken });
        prediction != Some(true)
    }

    /// A move of a register to itself that extends a sign.
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

    /// A move of a register's low half to itself.
    fn narrow(&mut self, random: &mut Random) -> bool {
        let dst = random.below(4) as usize;
        self.state[dst].zext_32_to_64();
        self.state[dst].sync();
        self.push(format!("w{0} = w{0}", dst + 6), 1);
        true
    }

    /// A constant, or what a narrow load from the stack leaves.
    fn constant(&mut self, random: &mut Random) -> bool {
        let dst = random.below(4) as usize;
        let left = dst + 6;
        if random.below(2) == 0 {
            let value = random.interesting();
            self.state[dst] = Scalar::constant(value);
            self.push(format!("r{left} = {value:#x} ll"), 2);
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
        self.push(format!("r{left} = *({sign}{} *)(r10 -4)", bytes * 8), 1);
        true
    }

    fn check(&mut self, dst: usize) {
        if !self.state[dst].is_consistent() {
            self.state[dst].set_unbounded();
        }
    }
}

fn refine(states: &mut States, dst: usize, operand: Operand, op: CondOp, is32: bool) {
    let mut left = states[dst];
    match operand {
        Operand::Register(src) if src == dst => regs_refine_same(&mut left, op, is32),
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
