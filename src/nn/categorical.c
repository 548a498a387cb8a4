/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/categorical.h"

#include "base/memory.h"
#include "nn/span.h"

enum { AT_ONCE = 4 }; /* exponentials */

void categorical_log_probs(real *logp, const real *logits, const uint8_t *mask, int n)
{
    real max = -REAL_INF, sum = 0, log_sum;

    for (int i = 0; i < n; i++) {
        logp[i] = !mask || mask[i] ? logits[i] : -REAL_INF;
        max = logp[i] > max ? logp[i] : max;
    }
    if (max == -REAL_INF)
        return;
    for (int from = 0; from < n; from += AT_ONCE) {
        real p[AT_ONCE];

        for (int i = 0; i < AT_ONCE; i++)
            p[i] = from + i < n ? logp[from + i] - max : -REAL_INF;
        for (int i = 0; i < AT_ONCE; i++)
            p[i] = span_exp1(p[i]);
        for (int i = 0; i < AT_ONCE && from + i < n; i++)
            sum += p[i];
    }
    log_sum = max + real_log(sum);
    for (int i = 0; i < n; i++)
        logp[i] -= log_sum;
}

double categorical_entropy(const real *logp, int n)
{
    double entropy = 0;

    for (int i = 0; i < n; i++)
        if (logp[i] > -REAL_INF)
            entropy -= (double)span_exp1(logp[i]) * (double)logp[i];
    return entropy;
}

int categorical_sample(const real *logp, int n, double unit)
{
    double total = 0, passed = 0;
    int last = -1;

    for (int i = 0; i < n; i++)
        total += (double)span_exp1(logp[i]);
    for (int i = 0; i < n; i++) {
        double p = (double)span_exp1(logp[i]);

        if (p > 0)
            last = i;
        passed += p;
        if (p > 0 && passed > unit * total)
            break;
    }
    return last;
}

int categorical_best(const real *logp, int n)
{
    int best = -1;

    for (int i = 0; i < n; i++)
        if (logp[i] > (best < 0 ? -REAL_INF : logp[best]))
            best = i;
    return best;
}

/* log p_c by logit j: [j = c] - p_j. Entropy H by logit j: - p_j (log p_j + H). */
void categorical_backward(real *dlogits, const real *logp, int n, int chosen, double dlogp,
                          double dentropy)
{
    double entropy = categorical_entropy(logp, n);

    BUG_ON(chosen < 0 || chosen >= n);
    for (int j = 0; j < n; j++) {
        double p = (double)span_exp1(logp[j]);

        if (p > 0)
            dlogits[j] -= (real)(p * (dlogp + dentropy * ((double)logp[j] + entropy)));
    }
    dlogits[chosen] += (real)dlogp;
}
