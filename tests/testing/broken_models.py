"""Models with one defect each, as small as they can be, beside some that are sound."""

import numpy as np
import torch
from torch import nn

from mann_bench import Observation, RecurrentModel, SequenceModule
from mann_bench.core.streams import Stream
from mann_bench.nn import draw_weights

WIDTH = 6


class Sound(RecurrentModel):
    """A recurrent network whose memory is one slot that it reads and writes.

    Args:
        width: units of the controller and of the slot.
    """

    def __init__(self, input_size: int, output_size: int, *, width: int = WIDTH) -> None:
        super().__init__(input_size, output_size)
        self.controller = nn.Linear(input_size + 2 * width, width)
        self.write = nn.Linear(width, width)
        self.readout = nn.Linear(2 * width, output_size)
        self.width = width

    def initial_state(self, batch_size):
        zeros = self.readout.weight.new_zeros(batch_size, self.width)
        return zeros, zeros

    def step(self, inputs, state):
        hidden = torch.tanh(self.controller(torch.cat([inputs, *state], -1)))
        memory = torch.tanh(self.write(hidden) + 0.9 * state[1])
        return self.readout(torch.cat([hidden, memory], -1)), (hidden, memory)


class SoundFlag(Sound):
    """It carries whether the last channel of the inputs was 1 before, and reads its slot only then."""

    def initial_state(self, batch_size):
        hidden, memory = super().initial_state(batch_size)
        return hidden, memory, hidden[:, 0] > 0

    def step(self, inputs, state):
        *state, seen = state
        logits, after = super().step(inputs, (state[0], state[1] * (1 + seen.unsqueeze(1))))
        return logits, (*after, seen | (inputs[:, -1] > 0.5))

    def observe(self, inputs, state):
        logits, after = self.step(inputs, state)
        alone = after[1].new_ones(len(inputs), 1, 1)
        return logits, after, Observation(alone, alone, after[1].unsqueeze(1), {})


class Exits(Sound):
    """It ends the program, with a word on standard output."""

    def step(self, inputs, state):
        print("noise")
        raise SystemExit(0)


class Wordy(Sound):
    """It has options that can be long and large."""

    def __init__(self, input_size: int, output_size: int, *, words: str = "few", scale: float = 1.0) -> None:
        super().__init__(input_size, output_size)


class SoundForward(SequenceModule):
    """A recurrent network that has forward alone."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.recurrence = nn.GRU(input_size, WIDTH)
        self.readout = nn.Linear(WIDTH, output_size)

    def forward(self, inputs):
        return self.readout(self.recurrence(inputs)[0])


class DropsOut(SoundForward):
    """It drops inputs out, in training alone."""

    def forward(self, inputs):
        return super().forward(nn.functional.dropout(inputs, 0.1, self.training))


class ReadNotFedBack(Sound):
    """It returns what it read, and the next step does not look at it."""

    def initial_state(self, batch_size):
        hidden, memory = super().initial_state(batch_size)
        return hidden, memory, hidden

    def step(self, inputs, state):
        hidden, memory, _ = state
        logits, (hidden, memory) = super().step(inputs, (hidden, memory))
        return logits, (hidden, memory, hidden * memory)


class Leaking(Sound):
    """A call starts from the last state of the call before, where that had as many sequences."""

    def forward(self, inputs):
        state = getattr(self, "last", None)
        if state is None or len(state[0]) != inputs.shape[1]:
            state = self.initial_state(inputs.shape[1])
        logits = []
        for at_time in inputs:
            output, state = self.step(at_time, state)
            logits.append(output)
        self.last = tuple(part.detach() for part in state)
        return torch.stack(logits)


class Counting(SoundForward):
    """A long sequence leaves something behind."""

    long = False

    def forward(self, inputs):
        self.long |= len(inputs) > 20
        return super().forward(inputs) + 0.1 * self.long


class BatchFirst(Sound):
    """It gives [B, T, O]."""

    def forward(self, inputs):
        return super().forward(inputs).transpose(0, 1)


class ScansTheBatch(SoundForward):
    """It takes sequences for steps and steps for sequences; shapes are right."""

    def forward(self, inputs):
        return super().forward(inputs.transpose(0, 1)).transpose(0, 1)


class SharesTheBatch(SoundForward):
    """It takes the mean of the batch away."""

    def forward(self, inputs):
        return super().forward(inputs - inputs.mean(1, keepdim=True))


class Unseeded(Sound):
    """It draws weights with numpy's global generator."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        drawn = np.random.standard_normal(self.write.weight.shape).astype(np.float32)
        self.write.weight = nn.Parameter(0.1 * torch.from_numpy(drawn))


class SeedsItself(Sound):
    """It has the same weights for every seed."""

    def __init__(self, input_size: int, output_size: int) -> None:
        torch.manual_seed(7)
        super().__init__(input_size, output_size)


class Peeking(SoundForward):
    """Each step sees the next input."""

    def forward(self, inputs):
        return super().forward(inputs + 0.1 * inputs.roll(-1, 0))


class PeekingInChunks(SoundForward):
    """Each step sees all of its chunk of 16 steps, once that is complete."""

    def forward(self, inputs):
        chunks = [c + 0.1 * c.mean(0) if len(c) == 16 else c for c in inputs.split(16)]
        return super().forward(torch.cat(chunks))


class SharesALargeBatch(SoundForward):
    """It takes the mean of a batch away that has eight sequences or more."""

    def forward(self, inputs):
        return super().forward(inputs - inputs.mean(1, keepdim=True) if inputs.shape[1] >= 8 else inputs)


class NormalisesTheBatch(SoundForward):
    """It has batch normalisation, whose statistics in training are those of all steps and sequences."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.norm = nn.BatchNorm1d(input_size)

    def forward(self, inputs):
        return super().forward(self.norm(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2]))


class MovingMean(SoundForward):
    """It takes away the mean of the batches that it was trained on before."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.register_buffer("mean", torch.zeros(input_size))

    def forward(self, inputs):
        centred = inputs - self.mean
        if self.training:
            self.mean = self.mean.lerp(inputs.mean((0, 1)), 0.1)
        return super().forward(centred)


class OldCellState(RecurrentModel):
    """An LSTM that returns the cell state that it was given."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.cell = nn.LSTMCell(input_size, WIDTH)
        self.readout = nn.Linear(WIDTH, output_size)

    def initial_state(self, batch_size):
        zeros = self.readout.weight.new_zeros(batch_size, WIDTH)
        return zeros, zeros

    def step(self, inputs, state):
        hidden, _ = self.cell(inputs, state)
        return self.readout(hidden), (hidden, state[1])


class FadingFastWeights(RecurrentModel):
    """A memory of outer products of which each step keeps half; nothing else goes from step to step."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.vectors = nn.Linear(input_size, 3 * WIDTH)
        self.readout = nn.Linear(WIDTH, output_size)

    def initial_state(self, batch_size):
        return (self.readout.weight.new_zeros(batch_size, WIDTH, WIDTH),)

    def step(self, inputs, state):
        query, key, value = self.vectors(inputs).unsqueeze(-1).chunk(3, 1)  # [B, WIDTH, 1]
        memory = 0.5 * state[0] + value @ key.mT
        return self.readout((memory @ query).squeeze(-1)), (memory,)


class StateOnSelf(Sound):
    """Its memory is not in the state that it returns."""

    def initial_state(self, batch_size):
        hidden, self.memory = super().initial_state(batch_size)
        return (hidden,)

    def step(self, inputs, state):
        logits, (hidden, self.memory) = super().step(inputs, (state[0], self.memory))
        return logits, (hidden,)


class ForwardApart(Sound):
    """Its forward is not what its step does."""

    def forward(self, inputs):
        return 1.01 * super().forward(inputs)


class BareLogits(Sound):
    """Its step returns no state."""

    def step(self, inputs, state):
        return super().step(inputs, state)[0]


class StepAsList(Sound):
    """Its step returns a list."""

    def step(self, inputs, state):
        return list(super().step(inputs, state))


class StepOfOneLogit(Sound):
    """Its step drops the channels of the logits."""

    def step(self, inputs, state):
        logits, state = super().step(inputs, state)
        return logits[:, 0], state


class StateAsList(Sound):
    """Its step returns the state in another form than initial_state."""

    def step(self, inputs, state):
        logits, state = super().step(inputs, state)
        return logits, list(state)


class StateAsDict(Sound):
    """Its initial state is a dictionary."""

    def initial_state(self, batch_size):
        return dict(zip(("hidden", "memory"), super().initial_state(batch_size), strict=True))


class ForwardWithState(SoundForward):
    """Its forward returns the state beside the logits."""

    def forward(self, inputs):
        outputs, state = self.recurrence(inputs)
        return self.readout(outputs), state


class LogOfZero(SoundForward):
    """It takes the logarithm of how much there is in the inputs."""

    def forward(self, inputs):
        amount = inputs.sum((0, 2)).unsqueeze(-1)
        return super().forward(inputs) + torch.where(amount == 0, amount.log(), 0 * amount)


class SkippedParameter(Sound):
    """It has a parameter that is used under no_grad alone."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.usage = nn.Parameter(torch.ones(WIDTH))

    def step(self, inputs, state):
        with torch.no_grad():
            usage = self.usage.clone()
        return super().step(inputs, (usage * state[0], state[1]))


class MissingBuffer(Sound):
    """It draws a tensor and does not register it."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.keys = torch.randn(WIDTH)

    def step(self, inputs, state):
        return super().step(inputs, (self.keys * state[0], state[1]))


class Swallowing(Sound):
    """It takes any option."""

    def __init__(self, input_size: int, output_size: int, *, width: int = WIDTH, **others: int) -> None:
        super().__init__(input_size, output_size, width=width)


class PositionalOption(Sound):
    """Nobody can give its option by name on the command line."""

    def __init__(self, input_size: int, output_size: int, width: int = WIDTH) -> None:
        super().__init__(input_size, output_size, width=width)


class AlwaysDropsOut(Sound):
    """Dropout goes on in evaluation."""

    def forward(self, inputs):
        return super().forward(nn.functional.dropout(inputs, 0.5, training=True))


class WrongBytes(Sound):
    """It counts its state by a formula."""

    def state_bytes(self):
        return 4 * self.width


class ListedDetails(Sound):
    """What it says of itself has no names."""

    def details(self):
        return [self.width]


class SparseBuffer(Sound):
    """Its state dict holds a tensor that no file of weights can hold."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.register_buffer("links", torch.eye(3).to_sparse())


class GrowingState(RecurrentModel):
    """It carries all that it ever saw."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.readout = nn.Linear(input_size, output_size)

    def initial_state(self, batch_size):
        return (self.readout.weight.new_zeros(batch_size, 1, self.input_size),)

    def step(self, inputs, state):
        seen = torch.cat([state[0], inputs.unsqueeze(1)], 1)
        return self.readout(seen.mean(1)), (seen,)


class ObservesAnother(Sound):
    """Its observed step forgets the memory."""

    def observe(self, inputs, state):
        logits, after = self.step(inputs, (state[0], torch.zeros_like(state[1])))
        return logits, after, None


class ObservesScores(Sound):
    """It calls scores a weighting."""

    def observe(self, inputs, state):
        logits, after = self.step(inputs, state)
        scores = (after[0] - 5).unsqueeze(1)  # [B, 1, N]
        return logits, after, Observation(scores, scores, after[1].unsqueeze(-1), {})


class OneStepAWindow(Sound):
    """It has a table of positions for ten steps."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.positions = nn.Parameter(0.1 * torch.randn(10, 1, input_size))

    def forward(self, inputs):
        return super().forward(inputs + self.positions[: len(inputs)])


class FixedChannels(SequenceModule):
    """It reads three channels, whatever the task has."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.readout = nn.Linear(3, output_size)

    def forward(self, inputs):
        return self.readout(inputs)


class Memoryless(SequenceModule):
    """A linear map of the present input."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.readout = nn.Linear(input_size, output_size)

    def forward(self, inputs):
        return self.readout(inputs)


class OwnTraining(Sound):
    """It trains as it likes; that is allowed."""

    def training_step(self, batches, batch_index):
        super().training_step(batches, batch_index)

    def clip_gradient_norm(self):
        self.gradient_norm = None


class OwnOptimizers(Sound):
    """It trains with optimisers that it likes better; that is allowed."""

    def configure_optimizers(self):
        return [torch.optim.SGD(part.parameters(), lr=1.0) for part in (self.controller, self.readout)]


class Incomplete(RecurrentModel):
    """It has no step."""

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 1),)


class Unlike(nn.Module):
    """It is no model of the suite."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__()


class BadNative(Sound):
    """Its fast path forgets the memory."""

    def native_problem(self):
        return None

    def native_forward(self, inputs):
        return super().forward(inputs) * 1.01


class OwnGenerator(Sound):
    """Training draws from numpy's generator, which goes on from call to call."""

    noise = np.random.default_rng(0)

    def forward(self, inputs):
        if self.training:
            inputs = inputs + float(self.noise.standard_normal())
        return super().forward(inputs)


class Raising(Sound):
    """It raises."""

    def forward(self, inputs):
        raise ValueError("a slip")


class LeavesWeights(Sound):
    """Its own draw leaves one weight as torch's generator had it."""

    def draw_weights(self, seed: int) -> None:
        draw_weights(self.write, seed)


class DrawsOneSeed(Sound):
    """Its own draw takes no notice of the seed."""

    def draw_weights(self, seed: int) -> None:
        draw_weights(self, 0)


class Annealed(Sound):
    """It changes a number of its own between training steps; that is allowed."""

    def on_train_batch_start(self, batch, batch_idx):
        self.sharpness = 1.0 + self.steps_trained


class TrainsOnTheTest(Sound):
    """It trains on test sequences before each turn."""

    def on_train_batch_start(self, batch, batch_idx):
        task = self.trainer.datamodule
        extra = task.evaluation_batch(Stream.TEST, task.test_sizes()[0], 4)
        task.loss(self(extra.inputs), extra).mean().backward()
        self.optimizers().step()


class TrainsBetweenSteps(Sound):
    """It does steps on training sequences that nobody counts."""

    def on_train_batch_start(self, batch, batch_idx):
        task = self.trainer.datamodule
        extra = task.batch(Stream.TRAIN, 10**9 + batch_idx)
        task.loss(self(extra.inputs), extra).mean().backward()
        self.optimizers().step()


class BringsBatches(Sound):
    """It exchanges what it is trained on."""

    def on_after_batch_transfer(self, batch, dataloader_idx):
        return batch
