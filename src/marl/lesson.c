/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loss of imitation is cross-entropy against what the teacher wants; that of reinforcement is
 * PPO's (nn/loss.h) with one advantage per decision for all its choices, as all agents are paid by
 * the same total. Options and amounts count alike: each set of a batch has the same weight.
 */
#include "marl/lesson.h"

#include <math.h>

#include "base/err.h"
#include "nn/categorical.h"
#include "nn/loss.h"

static const double LONGEST_GRADIENT = 1;

struct work {
    const struct lesson *lesson;
    struct lesson_report report[64]; /* by shard */
    int shards;
};

/* Of one set of rows: adds to dlogit, and to the report. */
static void learn_set(const struct lesson *lesson, struct lesson_report *report, double *agreed,
                      real *dlogit, real *logit, const real *target, const struct choice_set *set,
                      real advantage, double scale)
{
    real dlogp = 0, logp;
    int best;

    categorical_log_probs(logit, logit, NULL, set->rows);
    best = categorical_best(logit, set->rows);
    if (!lesson->reinforce) {
        report->loss += loss_cross_entropy(dlogit, logit, target, set->rows, scale);
        *agreed += target[best] > 0;
        return;
    }
    logp = logit[set->chosen];
    *agreed += best == set->chosen;
    report->loss +=
        loss_ppo_clip(&dlogp, &logp, &set->logp, &advantage, NULL, 1, lesson->clip, scale);
    categorical_backward(dlogit, logit, set->rows, set->chosen, (double)dlogp,
                         -lesson->entropy * scale);
}

static void run_shard(void *arg, const struct pass *pass, int shard)
{
    struct work *work = arg;
    const struct lesson *lesson = work->lesson;
    struct lesson_report *report = &work->report[shard];
    int32_t first = (int32_t)((int64_t)lesson->count * shard / work->shards);
    int32_t end = (int32_t)((int64_t)lesson->count * (shard + 1) / work->shards);
    double scale = 1.0 / lesson->count;
    struct record_batch batch;
    struct actor_encoding code;
    struct actor_scores scores;
    struct actor_amount_scores amounts;
    struct actor_gradient gradient;
    real *doption, *damount;

    if (first == end)
        return;
    record_gather(&batch, pass->memory, lesson->place + first, end - first);
    actor_encode(pass, &code, lesson->actor, &batch.graph);
    actor_score(pass, &scores, lesson->actor, &code, &batch.options);
    actor_score_amounts(pass, &amounts, lesson->actor, &scores, &batch.amounts);
    doption = pass_zeros(pass, (size_t)batch.options.rows, 1);
    damount = pass_zeros(pass, (size_t)batch.amounts.rows, 1);
    for (int32_t i = 0; i < batch.option_sets; i++) {
        int32_t at = batch.option_first[i];

        learn_set(lesson, report, &report->agreement, doption + at, scores.logit + at,
                  batch.option_target + at, batch.option_set[i],
                  batch.decision[batch.set_decision[i]]->advantage, scale);
        report->entropy += categorical_entropy(scores.logit + at, batch.option_set[i]->rows);
    }
    for (int32_t i = 0; i < batch.amount_sets; i++) {
        int32_t at = batch.amount_first[i];

        learn_set(lesson, report, &report->amount_agreement, damount + at, amounts.logit + at,
                  batch.amount_target + at, batch.amount_set[i],
                  batch.decision[batch.amount_decision[i]]->advantage, scale);
    }
    report->option_sets = batch.option_sets;
    report->amount_sets = batch.amount_sets;
    actor_gradient_zero(pass, &gradient, lesson->actor, &batch.graph, batch.options.rows);
    actor_score_amounts_backward(pass, &gradient, &amounts, lesson->actor, damount);
    actor_score_backward(pass, &gradient, &scores, lesson->actor, &code, doption);
    actor_encode_backward(pass, &gradient, &code, lesson->actor);
}

static struct lesson_report sum_up(const struct work *work)
{
    struct lesson_report sum = {0};

    for (int s = 0; s < work->shards; s++) {
        const struct lesson_report *r = &work->report[s];

        sum.loss += r->loss;
        sum.agreement += r->agreement;
        sum.amount_agreement += r->amount_agreement;
        sum.entropy += r->entropy;
        sum.option_sets += r->option_sets;
        sum.amount_sets += r->amount_sets;
    }
    if (sum.option_sets > 0) {
        sum.agreement /= (double)sum.option_sets;
        sum.entropy /= (double)sum.option_sets;
    }
    if (sum.amount_sets > 0)
        sum.amount_agreement /= (double)sum.amount_sets;
    return sum;
}

int lesson_step(const struct lesson *lesson, struct shards *shards, struct adam *adam, double rate,
                struct lesson_report *report, struct err *err)
{
    struct work work = {.lesson = lesson, .shards = shards->count};

    BUG_ON(shards->count > 64);
    shards_run(shards, run_shard, &work);
    *report = sum_up(&work);
    report->gradient = grad_clip(shards->weights, LONGEST_GRADIENT);
    if (!isfinite(report->gradient)) {
        const struct tensor *tensor =
            weights_find_nonfinite(shards->weights, shards->weights->grad);

        return err_set(err, ERR_CORRUPT,
                       "training broke down: the gradient of %s is not finite (loss %g)",
                       tensor ? tensor->name : "a tensor", report->loss);
    }
    adam_step(adam, shards->weights, shards->ops, rate);
    return 0;
}
