//! Modifiers: letters after an event's name that say when it counts.

use super::EventNameError;

/// What the letters of `cycles:uppD` say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Not in user space (`k` or `h` without `u`).
    pub exclude_user: bool,
    /// Not in the kernel (`u` or `h` without `k`).
    pub exclude_kernel: bool,
    /// Not in a hypervisor (`u` or `k` without `h`).
    pub exclude_hv: bool,
    /// Only in virtual machines (`G`).
    pub guest: bool,
    /// Only on the host (`H`), which is what happens without either.
    pub host: bool,
    /// Not while the CPU idles (`I`).
    pub exclude_idle: bool,
    /// How little skid is demanded: the number of `p`, 0 to 3.
    pub precise: u8,
    /// As little skid as the CPU can (`P`).
    pub max_precise: bool,
    /// Always on the PMU (`D`).
    pub pinned: bool,
    /// Alone on the PMU (`e`).
    pub exclusive: bool,
}

impl Modifiers {
    /// Reads the letters.
    ///
    /// # Errors
    /// When a letter is none of perf's, or asks for what skep does not do (groups: `S`, `W`).
    pub(super) fn parse(letters: &str) -> Result<Self, EventNameError> {
        let mut modifiers = Self::default();
        let (mut user, mut kernel, mut hypervisor) = (false, false, false);
        for letter in letters.chars() {
            match letter {
                'u' => user = true,
                'k' => kernel = true,
                'h' => hypervisor = true,
                'G' => modifiers.guest = true,
                'H' => modifiers.host = true,
                'I' => modifiers.exclude_idle = true,
                'p' => modifiers.precise += 1,
                'P' => modifiers.max_precise = true,
                'D' => modifiers.pinned = true,
                'e' => modifiers.exclusive = true,
                bad => return Err(EventNameError::Modifier { letters: letters.into(), bad }),
            }
            if modifiers.precise > 3 {
                return Err(EventNameError::Precision { letters: letters.into() });
            }
        }
        if user || kernel || hypervisor {
            modifiers.exclude_user = !user;
            modifiers.exclude_kernel = !kernel;
            modifiers.exclude_hv = !hypervisor;
        }
        Ok(modifiers)
    }
}
