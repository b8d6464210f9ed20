// Inlined member functions, a template and a lambda: what std::sort and accumulate make of them.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

struct Shape {
    double width, height;
    double area() const
    {
        return width * height; /* PLANTED */
    }
};

template <typename Item, typename Weight>
__attribute__((noinline)) double weigh(const std::vector<Item> &items, Weight weight)
{
    double sum = 0;
    for (const Item &item : items) /* PLANTED */
        sum += weight(item); /* PLANTED */
    return sum;
}

__attribute__((noinline)) static double round_of(std::vector<Shape> &shapes, int turn)
{
    for (Shape &shape : shapes)
        shape.width += turn;
    double sum = 0;
    for (int i = 0; i < 200; i++) /* PLANTED */
        sum += weigh(shapes, [i](const Shape &shape) {
            return shape.area() / (shape.width + i); /* PLANTED */
        });
    return sum;
}

int main()
{
    std::vector<Shape> shapes(20000);
    double sum = 0;
    for (int turn = 0; turn < 60; turn++)
        sum += round_of(shapes, turn);
    std::sort(shapes.begin(), shapes.end(),
              [](const Shape &a, const Shape &b) { return a.area() < b.area(); });
    std::printf("%f\n", sum);
}
