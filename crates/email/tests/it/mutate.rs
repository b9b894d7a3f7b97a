//! Bytes made out of samples by chance: cut, doubled, joined and sown with the syntax of their kind.

/// Bytes of an input; what is larger is timed elsewhere.
const INPUT_BYTES_MAX: usize = 64 * 1_024;
/// Changes that make an input out of a sample.
const CHANGES_MAX: usize = 8;
/// Bytes that are copied or cut at once.
const RANGE_BYTES_MAX: usize = 400;
/// Copies of one range.
const COPIES_MAX: usize = 40;
/// Bytes with a meaning in some grammar.
const MARKS: &[u8] = b"\r\n\t \0\"'<>()[]@,;:.=?*%\\^-_&/\x1b\x7f\xff\xc3\x80";

/// Choices that follow from a seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; 0 where there is none.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        start..(start + self.below(RANGE_BYTES_MAX)).min(bytes.len())
    }
}

/// What inputs are made of: whole samples, and words of the grammar.
pub(crate) struct Seeds {
    pub(crate) samples: Vec<Vec<u8>>,
    pub(crate) words: Vec<&'static str>,
}

impl Seeds {
    /// The input that follows from a seed.
    pub(crate) fn input(&self, seed: u64) -> Vec<u8> {
        let mut random = Random(seed);
        let mut input = random.pick(&self.samples).clone();
        for _ in 0..=random.below(CHANGES_MAX) {
            self.change(&mut input, &mut random);
            input.truncate(INPUT_BYTES_MAX);
        }
        input
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(input.len() + 1);
        match random.below(10) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = *random.pick(MARKS);
                }
            }
            2 => insert(input, at, random.pick(&self.words).as_bytes()),
            3 => {
                let line = line_start(input, at);
                insert(input, line, format!("{}\r\n", random.pick(&self.words)).as_bytes());
            }
            4 => drop(input.drain(random.range(input))),
            5 => {
                let piece = input[random.range(input)].to_vec();
                insert(input, at, &piece.repeat(random.below(COPIES_MAX)));
            }
            6 => input.truncate(at),
            7 => {
                let other = random.pick(&self.samples);
                input.truncate(at);
                input.extend_from_slice(&other[random.below(other.len())..]);
            }
            8 => {
                let other = random.pick(&self.samples);
                let piece = other[random.range(other)].to_vec();
                insert(input, at, &piece);
            }
            _ => {
                let word = random.pick(&self.words).repeat(random.below(COPIES_MAX));
                insert(input, at, word.as_bytes());
            }
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

fn line_start(input: &[u8], at: usize) -> usize {
    input[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1)
}
